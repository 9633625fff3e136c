import type { z } from "zod";
import type { EventKind } from "./event.ts";

/** A kind of event, independent of its facts. */
export type AnyEventKind = EventKind<string, z.ZodType>;

/** One row of a machine's table; an event with the target `same` changes no state. */
export type MachineRow<S extends string> = readonly [
  from: "nothing" | readonly S[],
  event: AnyEventKind,
  to: S | "same",
];

/** Every state, and every event that moves an aggregate between them. */
export interface Machine<S extends string, R extends readonly MachineRow<S>[] = readonly MachineRow<S>[]> {
  readonly states: readonly S[];
  /** States without an outgoing row, apart from events that open an ended aggregate again. */
  readonly terminal: readonly S[];
  readonly rows: R;
  /** event -> from -> to, built once from the rows. */
  readonly moves: ReadonlyMap<string, ReadonlyMap<S | "nothing", S>>;
}

/** Builds a machine from its rows; terminal states follow from them, and from the events that reopen an aggregate. */
export function defineMachine<const S extends string, const R extends readonly MachineRow<S>[]>(
  states: readonly S[],
  rows: R,
  { reopenedBy = [] }: { readonly reopenedBy?: readonly AnyEventKind[] } = {},
): Machine<S, R> {
  const moves = new Map<string, Map<S | "nothing", S>>();
  for (const [from, event, to] of rows) {
    const byFrom = moves.get(event.name) ?? new Map<S | "nothing", S>();
    for (const state of from === "nothing" ? ["nothing" as const] : from) {
      const target = to === "same" ? state : to;
      if (target !== "nothing") byFrom.set(state, target);
    }
    moves.set(event.name, byFrom);
  }
  const left = new Set(rows.flatMap(([from, event]) => (from === "nothing" || reopenedBy.includes(event) ? [] : from)));
  return { states, terminal: states.filter((state) => !left.has(state)), rows, moves };
}

/** Decides every change of state: the state afterwards, or undefined for "not allowed". */
export function next<S extends string>(machine: Machine<S>, state: S | undefined, event: string): S | undefined {
  return machine.moves.get(event)?.get(state ?? "nothing");
}
