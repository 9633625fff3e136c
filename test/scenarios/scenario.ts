import type { SpecOverrides } from "@shoal/core/testing";

/** An action of a client or an operator. */
export type Act =
  | { readonly handle: "submit"; readonly job: string; readonly spec: SpecOverrides }
  | { readonly handle: "stop"; readonly job: string }
  /** kill -9, for good. */
  | { readonly handle: "kill"; readonly whom: string }
  | { readonly handle: "start"; readonly whom: string };

/** A short simulation: its processes, its actions and its length. */
export interface Scenario {
  /** Also the name of its transcript. */
  readonly name: string;
  /** Its purpose, in one sentence. */
  readonly description: string;
  readonly requesters: readonly string[];
  /** Cores of each node, by its id. A node that an act starts is down before. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Each with its time, seconds from the start. */
  readonly acts: readonly (readonly [atSeconds: number, act: Act])[];
  readonly untilSeconds: number;
}
