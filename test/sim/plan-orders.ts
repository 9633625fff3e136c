import type { Prng } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";

/** What operators do to nodes; times are milliseconds from the start. */
export interface PlannedOrders {
  /** Nodes that join wait for an operator. */
  readonly manualApproval: boolean;
  readonly orders: readonly PlannedOrder[];
  /** The node that is emptied while no fault disturbs that; undefined for none. */
  readonly emptied: string | undefined;
}

/** One order about one node. */
export interface PlannedOrder {
  readonly nodeId: string;
  readonly action: "approve" | "reject" | "delete" | "drain" | "undrain";
  readonly mode: "finish" | "move";
  readonly withinMs: number;
  readonly atMs: number;
}

const noOrders: PlannedOrders = { manualApproval: false, orders: [], emptied: undefined };

/** Draws what operators do; nothing in most seeds. */
export function drawOrders(
  prng: Prng,
  {
    nodes,
    doomed,
    faultsMs,
  }: { readonly nodes: readonly string[]; readonly doomed: ReadonlyMap<string, number>; readonly faultsMs: number },
): PlannedOrders {
  const [first, ...others] = nodes;
  if (first === undefined || !prng.happens(0.4)) return noOrders;
  const survivors = others.filter((id) => !doomed.has(id));
  const [one, ...more] = survivors;
  return {
    manualApproval: prng.happens(0.3),
    orders: Array.from({ length: prng.pick([0, 2, 6, 12]) }, () => ({
      nodeId: prng.pick([first, ...others]),
      action: prng.pick(["drain", "drain", "drain", "undrain", "reject", "approve", "delete"]),
      mode: prng.pick(["finish", "move"]),
      withinMs: prng.pick([0, 3_000, 20_000, 3_600_000]),
      atMs: prng.between(0, faultsMs),
    })),
    emptied: one === undefined || !prng.happens(0.6) ? undefined : prng.pick([one, ...more]),
  };
}

/** Some specs with patience for cut-off nodes: shorter and longer than most of the faults. */
export function withPatience(prng: Prng, spec: JobSpec): JobSpec {
  if (!prng.happens(0.5)) return spec;
  const disconnect = { lostAfter: prng.pick([0, 3, 20]), stopAfter: prng.pick([0, 2, 15]) };
  return { ...spec, tasks: spec.tasks.map((task) => ({ ...task, disconnect })) };
}
