import { type ClusterNode, isOver, type Job, preemptsUpTo, type StoredCommit, specOf } from "@shoal/core";
import type { SimulatedCluster } from "@shoal/core/testing";
import { ExecutionsStopping, slotsIn } from "@shoal/proto";
import { faultsMs, type Plan } from "./plan.ts";
import { fits, isAsLarge, needsOf } from "./plan-nodes.ts";

export interface PreemptionCheckerOptions {
  readonly plan: Pick<Plan, "nodes" | "quota" | "settings">;
  readonly sim: Pick<SimulatedCluster, "clock">;
  readonly startAt: number;
  /** Every job and node of the log. */
  readonly jobs: ReadonlyMap<string, Job>;
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  readonly problem: (what: string) => void;
}

// The longest way of an order: a cut of 15 s, a takeover, and the wait for an owner that does not answer.
const orderMs = 60_000;
// After the faults: leases, positions and caches of the requesters are settled.
const settledMs = 30_000;
// Two searches of a lane, and the end of a task.
const preemptsWithinMs = 75_000;
const checkMs = 5_000;

const reason = /^preempted by job (?<jobId>\S+) of priority (?<priority>-?\d+)$/;
const preemptible: ReadonlySet<string> = new Set(["batch", "service"]);

/** Reports a preemption that the rules do not allow, and a job that waits although it may preempt. */
export function createPreemptionChecker({ plan, sim, startAt, jobs, nodes, problem }: PreemptionCheckerOptions) {
  const settledAt = startAt + faultsMs + settledMs;

  function checkVictim(job: Job, slot: string, why: string): void {
    const { jobId = "", priority = "" } = reason.exec(why)?.groups ?? {};
    const execution = [...job.live.values()].find(({ placement }) => placement.slot === slot);
    const preemptor = jobs.get(jobId);
    const { id } = job.header;
    if (execution === undefined || preemptor === undefined) {
      problem(`${id} was preempted by an unknown ${jobId}`);
      return;
    }
    if (plan.settings.preemption !== true) problem(`${id} was preempted, which the settings do not allow`);
    const spec = specOf(job, execution.placement);
    if (spec.priority > preemptsUpTo(Number(priority)))
      problem(`${id} of priority ${spec.priority} was preempted by ${jobId} of priority ${priority}`);
    if (![...preemptor.versions.values()].some((version) => version.spec.priority === Number(priority)))
      problem(`${id} was preempted by ${jobId}, which has no version of priority ${priority}`);
    if (!preemptible.has(spec.type)) problem(`${id} was preempted, and is a ${spec.type} job`);
    const sinceMs = sim.clock.now() - preemptor.header.modifiedAt;
    if (isOver(preemptor) && sinceMs > orderMs)
      problem(`${id} was preempted by ${jobId}, which ended ${sinceMs} ms ago`);
  }

  /** An execution of low priority that has run for the whole wait where the job fits. */
  function victimFor({ header }: Job, sinceAt: number): string | undefined {
    const needs = needsOf(header.spec);
    for (const other of jobs.values()) {
      for (const { placement, state, startedAt = Infinity } of other.live.values()) {
        const spec = specOf(other, placement);
        const larger = needsOf(spec);
        const node = plan.nodes.get(placement.nodeId);
        const { approval, drain, state: connection } = nodes.get(placement.nodeId) ?? {};
        const isUsable = approval === "approved" && drain === undefined && connection === "connected";
        if (state !== "running" || startedAt > sinceAt || !preemptible.has(spec.type) || !isUsable) continue;
        if (spec.priority > preemptsUpTo(header.spec.priority) || node === undefined || !fits(needs, node)) continue;
        if (isAsLarge(larger, needs)) return placement.executionId;
      }
    }
    return undefined;
  }

  function check(): void {
    const now = sim.clock.now();
    for (const job of jobs.values()) {
      const { id, spec, createdAt } = job.header;
      const sinceAt = Math.max(createdAt, settledAt);
      if (isOver(job) || job.slots.size > 0 || spec.count === 0 || !preemptible.has(spec.type)) continue;
      if (now - sinceAt < preemptsWithinMs || spec.namespace === plan.quota?.namespace) continue;
      const victim = victimFor(job, sinceAt);
      if (victim !== undefined) problem(`${id} of priority ${spec.priority} waits, and has not preempted ${victim}`);
    }
    sim.clock.at(now + checkMs, check);
  }
  if (plan.settings.preemption === true) sim.clock.at(settledAt, check);

  return {
    /** Call it after `jobs` has the commit. */
    see({ aggregate, commit }: StoredCommit): void {
      const job = jobs.get(aggregate.id);
      for (const { type, data } of commit.events) {
        if (type !== ExecutionsStopping.name || job === undefined) continue;
        const { slots, why } = ExecutionsStopping.data.parse(data);
        if (why.startsWith("preempted")) for (const slot of slotsIn(slots)) checkVictim(job, slot, why);
      }
    },
  };
}
