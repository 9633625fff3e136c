import type { SpecOverrides } from "@shoal/core/testing";

/** What somebody does. */
export type Act =
  | { readonly handle: "submit"; readonly job: string; readonly spec: SpecOverrides }
  | { readonly handle: "stop"; readonly job: string }
  /** kill -9, for good. */
  | { readonly handle: "kill"; readonly whom: string }
  | { readonly handle: "start"; readonly whom: string };

/** A short play: who is there, who does what, and for how long one watches. */
export interface Scenario {
  /** Its transcript is called so too. */
  readonly name: string;
  /** What it shows, in a sentence. */
  readonly description: string;
  readonly requesters: readonly string[];
  /** Cores of each node, by its id. One that an act starts is not there before. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Each so many seconds after the beginning. */
  readonly acts: readonly (readonly [atSeconds: number, act: Act])[];
  readonly untilSeconds: number;
}
