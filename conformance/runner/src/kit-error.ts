/** Something that a scenario expected did not hold: the ordinary way to fail. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
}

/** The kit itself, a scenario or a driver is at fault: never a verdict about the SDK, and never a pass. */
export class KitError extends Error {
  override readonly name = "KitError";
}
