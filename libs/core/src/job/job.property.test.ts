import { eventKinds, executionMachine, JobSpec, type Report, standingTypes } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldJob } from "../fold.ts";
import type { StoredCommit } from "../ports/event-log.ts";
import { sampleAt, sampleJobId, sampleOutput, sampleReport, sampleResources, sampleSpec } from "../testing/samples.ts";
import { assignments } from "../views/assignments.ts";
import { jobViews } from "../views/index.ts";
import { changes, entries, entryOf } from "../views/view.ts";
import type { JobCommand } from "./commands.ts";
import { decideJob } from "./decide.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";
import {
  countsOf,
  type Execution,
  executionsOf,
  isLive,
  isOver,
  isSettledJob,
  type Job,
  latestOf,
  liveExecutions,
} from "./job.ts";
import { jobTypes } from "./job-types/index.ts";
import { jobKind } from "./kind.ts";
import { stoppedForUpdate } from "./old-versions.ts";

/** The next step of a run; executions are named by their index. */
interface Step {
  readonly command: JobCommand["name"];
  readonly node: number;
  readonly partitions: readonly number[];
  readonly execution: number;
  readonly saw: Report["saw"]["kind"];
  readonly flag: boolean;
  /** Of the report. */
  readonly number: number;
  readonly passMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  // Place and Report advance a job: they are more frequent.
  command: fc.constantFrom(
    "Submit",
    "Place",
    "Place",
    "Place",
    "Wait",
    "Report",
    "Report",
    "Report",
    "LoseNode",
    "ResumeNode",
    "LeaveNode",
    "Preempt",
    "Tick",
    "Tick",
    "Stop",
    "Update",
    "Rerun",
    "Target",
  ),
  node: fc.nat(2),
  partitions: fc.array(fc.nat(4), { maxLength: 5 }),
  execution: fc.nat(12),
  saw: fc.constantFrom("running", "publishing", "completed", "failed", "stopped"),
  flag: fc.boolean(),
  number: fc.integer({ min: 1, max: 40 }),
  passMs: fc.constantFrom(0, 0, 10, 1_000, 5_000, 30_000, 3_600_000),
});
const plan = fc.record({
  type: fc.constantFrom("batch", "batch", "service", "ops", "daemon"),
  count: fc.nat(4),
  timeouts: fc.constantFrom(
    {},
    { executionTimeout: 3 },
    { queueTimeout: 5 },
    { executionTimeout: 3, queueTimeout: 5, totalTimeout: 60 },
  ),
  steps: fc.array(step, { maxLength: 60 }),
});

function sawOf({ saw, flag }: Step): Report["saw"] {
  const base = { startedAt: sampleAt };
  if (saw === "completed") return { kind: saw, ...base, output: sampleOutput };
  if (saw === "failed")
    return { kind: saw, code: flag ? "ENGINE_FAILED" : "NODE_RESTARTED", why: "it broke", final: flag };
  return saw === "stopped" || saw === "preparing" ? { kind: saw } : { kind: saw, ...base };
}

function commandOf(made: Step, job: Job | undefined, { type, count, timeouts }: Plan): JobCommand {
  const nodeId = `n-${made.node}`;
  const executions = job === undefined ? [] : executionsOf(job);
  const execution = executions[made.execution % Math.max(1, executions.length)];
  const spec = (partitions: number): JobSpec => ({
    ...sampleSpec({ count: type === "ops" || type === "daemon" ? 1 : partitions, timeouts }),
    type: JobSpec.shape.type.parse(type),
  });
  const commands: { readonly [C in JobCommand["name"]]: () => JobCommand } = {
    Submit: () => ({ name: "Submit", jobId: sampleJobId, spec: spec(count) }),
    Update: () => ({ name: "Update", spec: spec(made.execution % 5), force: made.flag }),
    Rerun: () => ({ name: "Rerun", version: made.node, why: "once more" }),
    Target: () => ({ name: "Target", nodes: made.partitions.map((index) => `n-${index}`), seen: 5 }),
    Place: () => {
      const places = made.partitions.map((partition) => ({
        // Slots of ops and daemon jobs are nodes.
        ...(type === "ops" || type === "daemon"
          ? { slot: `n-${partition}`, nodeId: `n-${partition}` }
          : { slot: `${partition}`, nodeId }),
        askId: `a-${partition}`,
        resources: sampleResources,
      }));
      return { name: "Place", places, answers: [] };
    },
    Wait: () => ({
      name: "Wait",
      slots: ["0", "1", "2", "3", "n-0", "n-1"],
      why: "no room",
      answers: [],
      never: made.flag,
    }),
    Report: () => {
      const executionId = execution?.placement.executionId ?? "e-none";
      const report = sampleReport(sawOf(made), made.number);
      return {
        name: "Report",
        nodeId: made.flag ? (execution?.placement.nodeId ?? nodeId) : nodeId,
        executionId,
        report,
      };
    },
    LoseNode: () => ({ name: "LoseNode", nodeId, why: "gone", isFinal: made.flag }),
    ResumeNode: () => ({ name: "ResumeNode", nodeId }),
    LeaveNode: () => ({ name: "LeaveNode", nodeId, why: "node is draining" }),
    Preempt: () => ({
      name: "Preempt",
      executionIds: executions.map(({ placement }) => placement.executionId),
      by: { jobId: "j-high", priority: made.flag ? 10 : 9 },
    }),
    Tick: () => ({ name: "Tick" }),
    Stop: () => ({ name: "Stop", why: "enough" }),
  };
  return commands[made.command]();
}

interface Plan {
  readonly type: string;
  readonly count: number;
  readonly timeouts: object;
}

interface Run {
  readonly stored: readonly StoredCommit[];
  readonly job: Job | undefined;
}

const world = { isGone: () => false, nodes: () => [], settled: () => true };

/** What lasts without a deadline: a task without a timeout that runs, and a job that runs without executions. */
const runsForever = (job: Job): boolean =>
  liveExecutions(job).some(({ state }) => state === "running") ||
  jobTypes.get(job.header.spec.type).runsEmpty?.(job) === true;

/** Runs a plan as an owner does, and calls back after every commit. */
function run(
  { steps, ...expected }: Plan & { readonly steps: readonly Step[] },
  after: (before: Job | undefined, now: Job, seq: number) => void = () => undefined,
): Run {
  let job: Job | undefined;
  let now = sampleAt;
  const stored: StoredCommit[] = [];
  const first = { command: "Submit" } as const;
  for (const made of [{ ...steps[0], ...first } as Step, ...steps]) {
    now += made.passMs ?? 0;
    const decision = decideJob(job, commandOf(made, job, expected), now);
    if (!decision.ok || decision.events.length === 0) continue;
    const seq = stored.length + 1;
    // As read from the log: plain data, without undefined fields.
    const events: readonly JobEvent[] = JSON.parse(JSON.stringify(decision.events));
    const commit = {
      v: 1,
      id: `c-${seq}`,
      at: now,
      by: "r",
      actor: { type: "requester", id: "r" },
      cause: { command: made.command },
      epoch: 0,
      prev: "",
      events,
    } as const;
    stored.push({ aggregate: { kind: "job", namespace: "default", id: sampleJobId }, seq, hash: `${seq}`, commit });
    const before = job;
    for (const event of events) {
      const next = evolveJob(job, event, { at: now, seq });
      if (next === undefined) throw new Error(`decided, but not legal: ${event.type}`);
      job = next;
    }
    if (job !== undefined) after(before, job, seq);
  }
  return { stored, job };
}

const bySlot = (job: Job) => Map.groupBy(executionsOf(job), ({ placement }) => placement.slot);
const ofVersion = (executions: readonly Execution[], version: number) =>
  executions.filter(({ placement }) => placement.version === version);
const runsOnce = ({ header }: Job): boolean => !standingTypes.includes(header.spec.type);

describe("for any commands in any order", () => {
  it("a slot has one live execution at most, one completed at most in each version, and none after that", () => {
    fc.assert(
      fc.property(plan, (made) => {
        run(made, (_, job) => {
          for (const executions of bySlot(job).values()) {
            expect(executions.filter(isLive).length).toBeLessThanOrEqual(1);
            for (const version of new Set(executions.map(({ placement }) => placement.version))) {
              const attempts = ofVersion(executions, version);
              if (runsOnce(job))
                expect(attempts.findIndex(({ state }) => state === "completed")).toBeOneOf([-1, attempts.length - 1]);
              expect(attempts.map(({ placement }) => placement.attempt)).toEqual(
                attempts.map((_each, index) => index + 1),
              );
            }
          }
        });
      }),
    );
  });

  it("a slot is placed for the current version only, and versions only grow", () => {
    fc.assert(
      fc.property(plan, (made) => {
        run(made, (before, job) => {
          expect(job.header.version - (before?.header.version ?? 0)).toBeOneOf([0, 1, 2]);
          expect(job.versions.get(job.header.version)?.spec).toEqual(job.header.spec);
          for (const [id, { placement }] of job.live)
            if (before?.live.has(id) === false) expect(placement.version).toBe(before.header.version);
        });
      }),
    );
  });

  it("a rollout never stops more executions at once than its strategy allows", () => {
    fc.assert(
      fc.property(plan, (made) => {
        run(made, (before, job) => {
          const { rollout, header } = job;
          if (before === undefined || rollout === undefined || before.header.version !== header.version) return;
          // Other orders stop as many as they need.
          const isStopping = ({ state, message }: Execution) => state === "stopping" && message === stoppedForUpdate;
          const stopped = [...job.live.values()].filter(
            (each) => isStopping(each) && before.live.get(each.placement.executionId)?.state !== "stopping",
          );
          expect(stopped.length).toBeLessThanOrEqual(1);
        });
      }),
    );
  });

  it("an ended job has only ends of stopping executions after it, and a settled one has no further events", () => {
    fc.assert(
      fc.property(plan, (made) => {
        run(made, (before, job) => {
          const isReopened = before !== undefined && before.header.version < job.header.version;
          expect(before === undefined || !isSettledJob(before) || isReopened).toBe(true);
          if (before !== undefined && isOver(before) && before.header.version === job.header.version) {
            expect(job.header).toEqual(before.header);
            expect(job.live.size).toBeLessThan(before.live.size);
          }
          if (isOver(job)) for (const { state } of liveExecutions(job)) expect(state).toBe("stopping");
        });
      }),
    );
  });

  it("a recorded report number is never decided twice", () => {
    fc.assert(
      fc.property(plan, (made) => {
        const { stored } = run(made);
        const numbers = stored.flatMap(({ commit }) => {
          const of = commit.events.flatMap(({ data }) => {
            const { executionId, report } = data as { executionId?: string; report?: number };
            return report === undefined ? [] : [`${executionId} ${report}`];
          });
          return [...new Set(of)];
        });
        expect(new Set(numbers).size).toBe(numbers.length);
      }),
    );
  });

  it("the indexes agree: each slot has its latest execution, live or ended, and the counts add up", () => {
    fc.assert(
      fc.property(plan, (made) => {
        run(made, (_, job) => {
          for (const [slot, { latest, isLive: taken, retryAt }] of job.slots) {
            expect(latestOf(job, slot)?.placement).toMatchObject({ slot, executionId: latest });
            expect((taken ? job.live : job.ended).has(latest)).toBe(true);
            if (!taken) expect(retryAt).toBe(job.ended.get(latest)?.retryAt);
          }
          expect(job.live.size + job.ended.size).toBe(job.slots.size);
          const total = Object.values(countsOf(job)).reduce((sum, count) => sum + count, 0);
          expect(total).toBe(job.assignedCount);
          const bad = ofVersion(executionsOf(job), job.header.version).filter(
            ({ state }) => state === "failed" || state === "lost",
          );
          expect([...job.failuresOn.values()].reduce((sum, count) => sum + count, 0)).toBe(bad.length);
        });
      }),
    );
  });

  it("a job completes only when every partition has", () => {
    fc.assert(
      fc.property(plan, (made) => {
        const { job } = run(made);
        if (job?.header.state !== "completed" || job.header.spec.type !== "batch") return;
        const done = ofVersion(executionsOf(job), job.header.version).filter(({ state }) => state === "completed");
        expect(done.length).toBe(job.header.spec.count);
      }),
    );
  });

  it("an unsettled job has a slot to place, a due command, or a time of the next reaction", () => {
    fc.assert(
      fc.property(plan, (made) => {
        const { job, stored } = run(made);
        if (job === undefined || isSettledJob(job)) return;
        const { slots, commands, nextAt } = jobKind.react(job, world, stored.at(-1)?.commit.at ?? sampleAt);
        expect(slots.length + commands.length > 0 || nextAt !== undefined || runsForever(job)).toBe(true);
      }),
    );
  });

  it("a tick at the time of the next reaction leaves nothing due", () => {
    fc.assert(
      fc.property(plan, (made) => {
        const { job } = run(made);
        const at = job === undefined ? undefined : jobKind.react(job, world, sampleAt).nextAt;
        if (job === undefined || at === undefined) return;
        const decision = decideJob(job, { name: "Tick" }, at);
        if (!decision.ok) expect.unreachable(decision.rejection.why);
        const after = decision.events.reduce<Job | undefined>(
          (state, event) => evolveJob(state, event, { at, seq: 1 }),
          job,
        );
        if (after !== undefined) expect(jobKind.react(after, world, at).commands).toEqual([]);
      }),
    );
  });

  it("every event is one that its schema reads back unchanged", () => {
    fc.assert(
      fc.property(plan, (made) => {
        for (const { commit } of run(made).stored) {
          for (const { type, data } of commit.events) expect(eventKinds.get(type)?.data.parse(data)).toEqual(data);
        }
      }),
    );
  });

  it("the log folds to the same job", () => {
    fc.assert(
      fc.property(plan, (made) => {
        const { job, stored } = run(made);
        expect(foldJob(stored)).toEqual(job);
        const half = Math.floor(stored.length / 2);
        expect(foldJob(stored.slice(half), foldJob(stored.slice(0, half)))).toEqual(job);
      }),
    );
  });

  it("the changes from commit to commit add up to the entries", () => {
    fc.assert(
      fc.property(plan, (made) => {
        const held = new Map<string, string>();
        run(made, (before, job, seq) => {
          for (const view of jobViews) {
            for (const change of changes(view, before, { after: job, seq })) {
              const key = `${change.bucket} ${change.key}`;
              if (change.value === undefined) held.delete(key);
              else held.set(key, JSON.stringify(entryOf(change.seq, change.value)));
            }
          }
          const expected = jobViews.flatMap((view) =>
            entries(view, job).map(
              ({ key, seq: at, value }) => [`${view.bucket.name} ${key}`, JSON.stringify(entryOf(at, value))] as const,
            ),
          );
          expect([...held].toSorted()).toEqual(expected.toSorted());
        });
      }),
    );
  });

  it("only live executions have assignments", () => {
    fc.assert(
      fc.property(plan, (made) => {
        run(made, (_, job) => {
          const live = liveExecutions(job).map(({ placement }) => `${placement.nodeId}.${placement.executionId}`);
          expect(entries(assignments, job).map(({ key }) => key)).toEqual(live);
        });
      }),
    );
  });

  it("reaches every state of the execution machine", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(plan, (made) => {
        run(made, (_, job) => {
          for (const { state } of executionsOf(job)) seen.add(state);
        });
      }),
      { seed: 1, numRuns: 1_000 },
    );
    expect([...seen].toSorted()).toEqual([...executionMachine.states].toSorted());
  });
});
