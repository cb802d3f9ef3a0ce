import { KitError } from "./kit-error.ts";
import type { Stage } from "./stage.ts";
export async function fuzz(_stage: Stage, _step: never): Promise<void> {
  throw new KitError("not yet");
}
