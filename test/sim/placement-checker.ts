import type { ClusterNode, StoredCommit } from "@shoal/core";
import type { SimulatedCluster } from "@shoal/core/testing";
import { ExecutionAssigned, type Heartbeat, JobFailed, JobSubmitted, JobUpdated } from "@shoal/proto";
import { faultsMs, type Plan } from "./plan.ts";
import { fits, needsOf, type PlannedNeeds } from "./plan-nodes.ts";

// The longest delay of a requester's knowledge: a cut of 15 s, the slowest message, and the interval of node checks.
const knownAfterMs = 30_000;
// The same without faults: some messages.
const quietKnownAfterMs = 2_000;
// Twice the longest retry interval of a scheduler.
const idleMostMs = 60_000;
// Often enough to detect a state that lasts for a minute.
const checkMs = 5_000;

export interface PlacementOptions {
  readonly plan: Plan;
  readonly sim: SimulatedCluster;
  readonly startAt: number;
  readonly problem: (what: string) => void;
  /** Every node, folded from the log up to the commit that is looked at. */
  readonly nodes: ReadonlyMap<string, ClusterNode>;
}

interface WaitingJob {
  readonly needs: PlannedNeeds;
  /** By the true clock. */
  readonly sinceAt: number;
}

/** Reports a job that fails although a node fits it, or that waits while a node that fits it is idle. */
export function createPlacementChecker(options: PlacementOptions) {
  const { sim, startAt, problem } = options;
  /** Since when nodes get work: connected, approved and not draining; and since when they do not. */
  const connectedSince = new Map<string, number>();
  const excludedSince = new Map<string, number>();
  const idleSince = new Map<string, number>();
  const waiting = new Map<string, WaitingJob>();
  const needs = new Map<string, PlannedNeeds>();

  /** A node that fits and that has been connected since `atMs` and, with `idleSince`, idle. */
  function fitting(required: PlannedNeeds, since: ReadonlyMap<string, number>, atMs: number): string | undefined {
    const found = [...options.plan.nodes].find(
      ([id, node]) =>
        fits(required, node) && [connectedSince, since].every((each) => (each.get(id) ?? Infinity) <= atMs),
    );
    return found?.[0];
  }

  const onEvent: Readonly<Record<string, (id: string, data: unknown) => void>> = {
    [ExecutionAssigned.name](id, data) {
      const { nodeId } = ExecutionAssigned.data.parse(data);
      const now = sim.clock.now();
      const [required, node] = [needs.get(id), options.plan.nodes.get(nodeId)];
      if (required !== undefined && node !== undefined && !fits(required, node))
        problem(`${id} was placed on ${nodeId}, which does not fit it`);
      const lagMs = now > startAt + faultsMs + knownAfterMs ? quietKnownAfterMs : knownAfterMs;
      if (now - (excludedSince.get(nodeId) ?? now) > lagMs)
        problem(`${id} was placed on ${nodeId}, which gets no work`);
    },
    [JobUpdated.name](id, data) {
      needs.set(id, needsOf(JobUpdated.data.parse(data).spec));
    },
    [JobSubmitted.name](id, data) {
      const { spec } = JobSubmitted.data.parse(data);
      needs.set(id, needsOf(spec));
      // A job of a namespace with a quota may wait although a node is idle.
      if (spec.namespace !== options.plan.quota?.namespace)
        waiting.set(id, { needs: needsOf(spec), sinceAt: sim.clock.now() });
    },
    [JobFailed.name](id, data) {
      const required = needs.get(id);
      if (required === undefined || JobFailed.data.parse(data).code !== "NO_NODE_FITS") return;
      const nodeId = fitting(required, connectedSince, sim.clock.now() - knownAfterMs);
      if (nodeId !== undefined) problem(`${id} has failed with NO_NODE_FITS, and fits ${nodeId}`);
    },
  };

  function onNode(id: string): void {
    const node = options.nodes.get(id);
    const isExcluded = node?.approval !== "approved" || node.drain !== undefined;
    const getsWork = !isExcluded && node.state === "connected";
    if (!getsWork) connectedSince.delete(id);
    else if (!connectedSince.has(id)) connectedSince.set(id, sim.clock.now());
    if (!isExcluded) excludedSince.delete(id);
    else if (!excludedSince.has(id)) excludedSince.set(id, sim.clock.now());
  }

  function check(): void {
    const atMs = sim.clock.now() - idleMostMs;
    for (const [id, { needs: required, sinceAt }] of waiting) {
      const nodeId = sinceAt <= atMs ? fitting(required, idleSince, atMs) : undefined;
      if (nodeId !== undefined) problem(`${id} is queued, and ${nodeId} has been idle for a minute`);
    }
    sim.clock.at(sim.clock.now() + checkMs, check);
  }
  // By then the requesters know of all earlier faults.
  sim.clock.at(startAt + faultsMs + knownAfterMs, check);

  return {
    see({ aggregate, commit }: StoredCommit): void {
      if (aggregate.kind === "node") onNode(aggregate.id);
      for (const { type, data } of commit.events) {
        onEvent[type]?.(aggregate.id, data);
        // An assignment or the end follows submission and waiting.
        if (!waitingEvents.has(type)) waiting.delete(aggregate.id);
      }
    },
    received({ info }: Heartbeat): void {
      const isIdle = info.running === 0 && info.available.cpuCores === info.capacity.cpuCores;
      if (!isIdle) idleSince.delete(info.nodeId);
      else if (!idleSince.has(info.nodeId)) idleSince.set(info.nodeId, sim.clock.now());
    },
  };
}

const waitingEvents: ReadonlySet<string> = new Set(["JobSubmitted", "JobQueued"]);
