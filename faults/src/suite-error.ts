/** The suite itself cannot go on: never a verdict about the runtime, and never a pass. */
export class SuiteError extends Error {
  override readonly name = "SuiteError";
}
