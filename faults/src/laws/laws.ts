// All laws over one session.
import type { SessionRecord, Violation } from "../record.ts";
import { lawsOfEvents } from "./events.ts";
import { lawsOfPrompts } from "./prompts.ts";
import { lawsOfQuestions } from "./questions.ts";
import { lawOfTime } from "./time.ts";
import { lawsOfWork } from "./work.ts";

/** What is wrong with a session whose work is done; empty when every law holds. Pure. */
export function checkSession(record: SessionRecord): Violation[] {
  return [lawsOfPrompts, lawsOfEvents, lawsOfQuestions, lawsOfWork, lawOfTime].flatMap((laws) => laws(record));
}
