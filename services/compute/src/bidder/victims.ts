import { chooseVictims, type PreemptibleExecution } from "@shoal/core";
import { type Ask, addResources, type Resources, type Victim } from "@shoal/proto";
import type { PresentExecution } from "../agent/runners.ts";
import type { Ledger } from "../capacity/ledger.ts";

export interface VictimsOptions {
  readonly executions: () => Iterable<PresentExecution>;
  readonly ledger: Pick<Ledger, "isTaken">;
}

/**
 * The executions of this node whose end makes room for one slot of an ask, next to `available`. What ends anyway counts
 * as free and is no victim; nor is what is pinned to this node, because it cannot run elsewhere.
 */
export function victimsOf(
  { executions, ledger }: VictimsOptions,
  { preemptsUpTo, requirements: { resources: each } }: Ask,
  available: Resources,
): readonly Victim[] | undefined {
  if (preemptsUpTo === undefined) return undefined;
  const allowed: PreemptibleExecution[] = [];
  let free = available;
  for (const { runner, assignment } of executions()) {
    const { executionId, jobId, namespace, priority, assignedAt, resources } = assignment;
    if (!ledger.isTaken(executionId)) continue;
    if (runner.isEnding()) free = addResources(free, resources);
    else if (assignment.slot !== assignment.nodeId)
      allowed.push({ executionId, jobId, namespace, priority, assignedAt, resources });
  }
  const victims = chooseVictims(allowed, { each, available: free, preemptsUpTo });
  return victims?.map(({ resources: _, ...victim }) => victim);
}
