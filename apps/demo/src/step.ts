import type { DemoContext } from "./demo-context.ts";

/** A step of the demo: one file, and one line in the list. */
export interface DemoStep {
  /** The heading of the step. */
  readonly title: string;
  /** Runs and checks the step. Throws DemoFailure when a promise does not hold. */
  run(context: DemoContext): Promise<void>;
}
