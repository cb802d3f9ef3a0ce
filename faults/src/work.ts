// What sessions are given to do, and the model that does it: what it says follows from the conversation alone, so it goes
// on in the same way whichever process asks. No two of its tool calls are alike.
import type { ModelCall, ScriptedAnswer } from "@narthex/testkit";
import type { Random } from "./random.ts";

const STEPS = ["bash", "mine", "ask", "both"] as const;
type Step = (typeof STEPS)[number];

export interface PlannedPrompt {
  readonly key: string;
  /** Its words are read by the model: `KEY: STEP STEP … say N`, or `pour N` for a model that does not pause. */
  readonly prompt: string;
  readonly isImmediate: boolean;
}

export interface SessionPlan {
  readonly name: string;
  /** A cloud session's id is the runtime's choice; a local one's is the client's, so its create can be repeated. */
  readonly kind: "cloud" | "local";
  /** Prompts that are sent together; the next ones when all work is done. */
  readonly batches: readonly (readonly PlannedPrompt[])[];
}

/** A plan for one session. */
export function planSession(name: string, random: Random, batches = random.int(2, 3)): SessionPlan {
  let count = 0;
  const prompt = (index: number): PlannedPrompt => {
    count += 1;
    const key = `${name}-${count}`;
    const steps = Array.from({ length: random.int(0, 2) }, () => random.pick(STEPS));
    return {
      key,
      prompt: `${key}: ${[...steps, "say", random.int(2, 25)].join(" ")}`,
      isImmediate: index > 0 && random.chance(0.2),
    };
  };
  return {
    name,
    kind: random.chance(0.5) ? "cloud" : "local",
    batches: Array.from({ length: batches }, () =>
      Array.from({ length: random.int(1, 3) }, (_, index) => prompt(index)),
    ),
  };
}

/** The model's mind. `ranFile` gets one line for every command that runs. */
export function thinking(ranFile: string): (call: ModelCall) => ScriptedAnswer {
  let calls = 0;
  return ({ body }) => {
    calls += 1;
    const said = body.messages.findLastIndex(({ role }) => role === "user");
    const text = JSON.stringify(body.messages[said]?.["content"] ?? "");
    const [, key = "", words = ""] = /([\w-]+): ((?:\w+ )*(?:say|pour) \d+)/.exec(text) ?? [];
    const steps = words.split(" ");
    const results = body.messages.slice(said + 1).filter(({ role }) => role === "tool").length;
    const step = stepAfter(steps, results);
    if (step !== undefined) return { toolCalls: callsOf(step, `${key}-${calls}`, ranFile) };
    const answer = "words and ".repeat(Number(steps.at(-1)));
    return steps.at(-2) === "pour" ? { text: answer } : { text: answer, pieceDelayMs: 1 };
  };
}

/** The step whose results are not there yet. */
function stepAfter(words: readonly string[], results: number): Step | undefined {
  let left = results;
  for (const word of words) {
    const step = STEPS.find((name) => name === word);
    if (step === undefined) return undefined;
    if (left <= 0) return step;
    left -= step === "both" ? 2 : 1;
  }
  return undefined;
}

function callsOf(step: Step, id: string, ranFile: string): { name: string; arguments: unknown }[] {
  const bash = { name: "bash", arguments: { command: `echo ${id} >> ${ranFile}; sleep 0.01; echo done ${id}` } };
  const mine = { name: "mine", arguments: { id } };
  if (step === "bash") return [bash];
  if (step === "mine") return [mine];
  if (step === "both") return [bash, mine];
  return [{ name: "ask_user", arguments: { question: `tea for ${id}?` } }];
}
