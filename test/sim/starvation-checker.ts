import type { StoredCommit } from "@shoal/core";
import type { SimulatedCluster } from "@shoal/core/testing";
import { ExecutionAssigned, JobSubmitted } from "@shoal/proto";
import { faultsMs, type Plan } from "./plan.ts";
import { fits, isAsLarge, needsOf, type PlannedNeeds } from "./plan-nodes.ts";
import { starvedMs } from "./plan-stream.ts";

export interface StarvationOptions {
  readonly plan: Pick<Plan, "nodes" | "quota">;
  readonly sim: Pick<SimulatedCluster, "clock">;
  readonly startAt: number;
  readonly problem: (what: string) => void;
}

interface KnownJob {
  readonly needs: PlannedNeeds;
  readonly priority: number;
  readonly namespace: string;
  /** Since when it waits while no job as large, older, or of higher priority, has started where it fits, by the true clock; undefined once it was placed or is over. */
  waitsSince: number | undefined;
}

/** Reports a job that waits for long while smaller, younger ones of no higher priority start on a node that could run it. It reads only the log. */
export function createStarvationChecker({ plan, sim, startAt, problem }: StarvationOptions) {
  const jobs = new Map<string, KnownJob>();
  const noFaultsAt = startAt + faultsMs;

  function started(id: string, data: unknown): void {
    const { nodeId } = ExecutionAssigned.data.parse(data);
    const node = plan.nodes.get(nodeId);
    const small = jobs.get(id);
    if (small === undefined || node === undefined) return;
    const now = sim.clock.now();
    small.waitsSince = undefined;
    // In the order of submission: the jobs before it are older, and it must not pass them for long.
    let isBefore = true;
    for (const [otherId, other] of jobs) {
      if (other === small) isBefore = false;
      if (other.waitsSince === undefined || !fits(other.needs, node)) continue;
      // It may wait for its namespace's quota.
      if (other.namespace === plan.quota?.namespace && small.namespace !== other.namespace) continue;
      const mayComeFirst = !isBefore || small.priority > other.priority || !isSmaller(small.needs, other.needs);
      if (mayComeFirst) other.waitsSince = now;
      else if (now - Math.max(other.waitsSince, noFaultsAt) > starvedMs)
        problem(`${otherId} waits while ${id}, which is smaller, starts on ${nodeId}, which fits it`);
    }
  }

  return {
    see({ aggregate, commit }: StoredCommit): void {
      for (const { type, data } of commit.events) {
        const job = jobs.get(aggregate.id);
        if (type === JobSubmitted.name) {
          const { spec } = JobSubmitted.data.parse(data);
          const { priority, namespace } = spec;
          jobs.set(aggregate.id, { needs: needsOf(spec), priority, namespace, waitsSince: sim.clock.now() });
        } else if (type === ExecutionAssigned.name) started(aggregate.id, data);
        else if (job !== undefined && !waitingEvents.has(type)) job.waitsSince = undefined;
      }
    },
  };
}

const waitingEvents: ReadonlySet<string> = new Set(["JobQueued"]);

const isSmaller = (a: PlannedNeeds, b: PlannedNeeds): boolean =>
  isAsLarge(b, a) && !isAsLarge(a, b) && b.staticPort === undefined;
