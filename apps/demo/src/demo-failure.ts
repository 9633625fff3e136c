/** A promise that did not hold: expected and observed. */
export class DemoFailure extends Error {
  override readonly name = "DemoFailure";
}

/** Throws DemoFailure unless the promise holds. */
export function check(holds: boolean, why: string): asserts holds {
  if (!holds) throw new DemoFailure(why);
}
