import type { DemoContext } from "./demo-context.ts";

/** A step of the demo: one file, and one line in the list. */
export interface DemoStep {
  /** The heading of the step. */
  readonly title: string;
  /** Runs and checks the step. Throws DemoFailure when a promise does not hold. */
  run(context: DemoContext): Promise<void>;
}

/** A promise that did not hold: expected and observed. */
export class DemoFailure extends Error {
  override readonly name = "DemoFailure";
}

/** Throws DemoFailure unless the promise holds. */
export function check(holds: boolean, why: string): asserts holds {
  if (!holds) throw new DemoFailure(why);
}
