import type { DemoContext } from "./demo-context.ts";

/** A part of the demonstration: one file, one line in the list. */
export interface DemoStep {
  /** What is shown, as a heading. */
  readonly title: string;
  /** Does it and checks it. Throws DemoFailure when something is not as promised. */
  run(context: DemoContext): Promise<void>;
}

/** A step failed: what was promised, and what was seen. */
export class DemoFailure extends Error {
  override readonly name = "DemoFailure";
}

/** Ends the demonstration when what it promises does not hold. */
export function check(holds: boolean, why: string): asserts holds {
  if (!holds) throw new DemoFailure(why);
}
