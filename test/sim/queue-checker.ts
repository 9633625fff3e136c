import { isOver, type Job, type StoredCommit } from "@shoal/core";
import type { SimulatedCluster } from "@shoal/core/testing";
import { ExecutionAssigned } from "@shoal/proto";
import { faultsMs, type Plan } from "./plan.ts";
import { fits, isAsLarge, needsOf } from "./plan-nodes.ts";

export interface QueueCheckerOptions {
  readonly plan: Pick<Plan, "nodes" | "quota" | "requesters">;
  readonly sim: Pick<SimulatedCluster, "clock">;
  readonly startAt: number;
  /** Every job of the log. */
  readonly jobs: ReadonlyMap<string, Job>;
  readonly problem: (what: string) => void;
}

// A promise of three seconds, or a whole pass of all lanes where a node reserved its room for another job (ADR 17).
const preferredMs = 45_000;
// After the faults: leases, positions and caches of the requesters are settled.
const settledMs = 30_000;

/** Reports a job that starts where a waiting job of higher priority fits, and a namespace above its quota. */
export function createQueueChecker({ plan, sim, startAt, jobs, problem }: QueueCheckerOptions) {
  const { quota } = plan;
  const settledAt = startAt + faultsMs + settledMs;

  function checkPriority(job: Job, nodeId: string): void {
    const node = plan.nodes.get(nodeId);
    const { spec, id } = job.header;
    if (node === undefined) return;
    const now = sim.clock.now();
    const needs = needsOf(spec);
    for (const other of jobs.values()) {
      const { header } = other;
      const since = Math.max(header.createdAt, settledAt);
      if (header.spec.priority <= spec.priority || now - since < preferredMs) continue;
      if (isOver(other) || other.slots.size > 0 || header.spec.count === 0) continue;
      if (quota !== undefined && header.spec.namespace === quota.namespace) continue;
      const larger = needsOf(header.spec);
      if (!fits(larger, node) || !isAsLarge(needs, larger)) continue;
      problem(
        `${header.id} of priority ${header.spec.priority} waits while ${id} of lower priority starts on ${nodeId}`,
      );
    }
  }

  function checkQuota(namespace: string): void {
    // Several requesters may exceed it together for as long as their tries run.
    if (quota?.namespace !== namespace || plan.requesters.length > 1) return;
    let cores = 0;
    for (const { header, live } of jobs.values())
      if (header.spec.namespace === namespace) cores += needsOf(header.spec).cores * live.size;
    if (cores > quota.cores) problem(`namespace ${namespace} uses ${cores} of its ${quota.cores} cores`);
  }

  return {
    /** Call it after `jobs` has the commit. */
    see({ aggregate, commit }: StoredCommit): void {
      const job = jobs.get(aggregate.id);
      if (aggregate.kind !== "job" || job === undefined || sim.clock.now() < settledAt) return;
      for (const { type, data } of commit.events) {
        if (type !== ExecutionAssigned.name) continue;
        checkPriority(job, ExecutionAssigned.data.parse(data).nodeId);
        checkQuota(aggregate.namespace);
      }
    },
  };
}
