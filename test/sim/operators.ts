import { causeOf, liveExecutions, pause } from "@shoal/core";
import type { Prng, SimulatedCluster } from "@shoal/core/testing";
import type { NodeAction } from "@shoal/proto";
import { faultsMs } from "./plan.ts";
import type { PlannedOrder, PlannedOrders } from "./plan-orders.ts";
import type { SafetyChecker } from "./safety-checker.ts";
import type { SimulatedServices } from "./services.ts";

export interface OperatorsOptions {
  readonly sim: SimulatedCluster;
  readonly prng: Prng;
  readonly services: SimulatedServices;
  readonly safety: Pick<SafetyChecker, "nodes" | "jobs">;
  readonly planned: PlannedOrders;
  readonly startAt: number;
  readonly problem: (what: string) => void;
}

// How often an operator looks at the nodes that wait for approval.
const roundMs = 4_000;
// An operator without an answer asks another requester.
const patienceMs = 5_000;
// By then the requesters know of all earlier faults, so that the checks are strict.
const emptiedAfterMs = 35_000;
// For the order, the stop of each execution, and the node's report: a few messages each.
const emptyWithinMs = 15_000;

/** The codes with which an order may be refused: the node is in this state already, or unknown. */
const expected: ReadonlySet<string> = new Set(["NODE_CONFLICT", "NODE_NOT_FOUND", "REQUESTER_BEHIND"]);

/** Sends the planned orders, approves nodes that wait, and gives every node work again when the faults end. */
export function createOperators({ sim, prng, services, safety, planned, startAt, problem }: OperatorsOptions): void {
  const { clock } = sim;
  const isOver = () => clock.now() >= startAt + faultsMs;

  async function send(order: Omit<PlannedOrder, "atMs">): Promise<void> {
    const [first, ...rest] = services.requesters
      .map((supervised) => supervised.serving())
      .filter((incarnation) => incarnation !== undefined);
    if (first === undefined) return;
    const { requester } = prng.pick([first, ...rest]);
    const { nodeId, action, mode, withinMs } = order;
    const update = { action, mode, withinMs, why: "", actor: { type: "client", id: "operator" } } as const;
    const answer = requester.commands.updateNode(nodeId, update).catch((failure: unknown) => {
      const { code, why } = causeOf(failure);
      if (!expected.has(code) && code !== "LOG_UNREACHABLE") problem(`an operator received ${code}: ${why}`);
    });
    await Promise.race([answer, pause(clock, patienceMs)]);
  }
  const simple = (nodeId: string, action: NodeAction) => send({ nodeId, action, mode: "finish", withinMs: 0 });

  /** Approves what waits, by the log; after the faults every node gets work again. */
  async function round(): Promise<void> {
    for (const [nodeId, { state, approval, drain }] of safety.nodes) {
      if (state === "forgotten") continue;
      if (approval === "pending" || (isOver() && approval === "rejected")) await simple(nodeId, "approve");
      if (isOver() && drain !== undefined && nodeId !== emptying) await simple(nodeId, "undrain");
    }
    clock.at(clock.now() + roundMs, () => void round());
  }

  let emptying: string | undefined;
  /** Drains a node while no fault disturbs that: it gets nothing new, and is empty soon. */
  async function empty(nodeId: string): Promise<void> {
    emptying = nodeId;
    await send({ nodeId, action: "drain", mode: "move", withinMs: 0 });
    await pause(clock, emptyWithinMs);
    if (safety.nodes.get(nodeId)?.drain !== undefined)
      for (const [id, job] of safety.jobs)
        for (const { placement, state } of liveExecutions(job))
          if (placement.nodeId === nodeId)
            problem(`${nodeId} is drained, and has slot ${placement.slot} of ${id} (${state})`);
    emptying = undefined;
    await simple(nodeId, "undrain");
  }

  const isUsed = planned.manualApproval || planned.orders.length > 0 || planned.emptied !== undefined;
  if (!isUsed) return;
  for (const order of planned.orders) clock.at(startAt + order.atMs, () => void send(order));
  const { emptied } = planned;
  if (emptied !== undefined) clock.at(startAt + faultsMs + emptiedAfterMs, () => void empty(emptied));
  clock.at(startAt + roundMs, () => void round());
}
