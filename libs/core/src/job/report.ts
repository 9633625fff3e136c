import {
  type EventOf,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionPreparing,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionStopped,
  type Report,
  standingTypes,
} from "@shoal/proto";
import type { JobCommands } from "./commands.ts";
import { conclude, type JobDraft, openJob, retryOf, typeOf } from "./draft.ts";
import { type Execution, executionOf, isLive, type Job, specOf } from "./job.ts";
import { failedInRollout } from "./rollout.ts";

type Saw<K extends string> = Extract<Report["saw"], { kind: K }>;
/** The fields of an event that come from its report. */
type Head = { readonly executionId: string; readonly report?: number };
type ReportHandler<S> = (saw: S, execution: Execution, to: { readonly draft: JobDraft; readonly head: Head }) => void;

/** The effect of each kind of report on an execution that is to run. A repeated kind has no effect. */
const handlers: { readonly [K in Report["saw"]["kind"]]: ReportHandler<Saw<K>> } = {
  // What it prepares is recorded with any report that comes before the start.
  preparing: () => {},
  running: (saw, execution, to) => ensureStarted(saw, execution, to),
  publishing: (saw, execution, { draft, head }) => {
    ensureStarted(saw, execution, { draft, head });
    if (execution.state === "publishing") return;
    const publishBy = draft.now + typeOf(draft, openJob(draft)).defaults.publishTimeoutMs;
    draft.emit(ExecutionPublishing.of({ ...head, publishBy }));
  },
  completed: (saw, execution, { draft, head }) => {
    ensureStarted(saw, execution, { draft, head });
    const { exitCode } = saw.output;
    if (exitCode !== 0 && specOf(openJob(draft), execution.placement).tasks[0]?.failOnNonZeroExit === true) {
      const why = `the task ended with exit code ${exitCode}`;
      fail(draft, execution, { ...head, code: "TASK_EXITED", why, output: saw.output, final: false });
      return;
    }
    const retry = retryOf(draft, execution, { state: "completed", code: "", final: false });
    const result = saw.result === undefined ? {} : { result: saw.result };
    draft.emit(ExecutionCompleted.of({ ...head, output: saw.output, ...result, ...retry }));
    if (standingTypes.includes(openJob(draft).header.spec.type))
      failedInRollout(draft, execution, { code: "", why: `the task ended with exit code ${saw.output.exitCode}` });
    conclude(draft);
  },
  failed: ({ code, why, output, final }, execution, { draft, head }) => {
    fail(draft, execution, { ...head, code, why, ...(output === undefined ? {} : { output }), final });
  },
  // The node stopped an execution that is to run: it lost its assignment, so the attempt is lost and retried.
  stopped: (_, execution, { draft, head }) => {
    const isLimited = (specOf(openJob(draft), execution.placement).tasks[0]?.disconnect?.stopAfter ?? 0) > 0;
    const why = isLimited
      ? "the node was cut off for longer than the task allows, and stopped it"
      : "the node stopped it without an order";
    fail(draft, execution, { ...head, code: "STOPPED", why, final: false });
  },
};

type Failure = Omit<EventOf<typeof ExecutionFailed>["data"], "retryAt"> & { readonly final: boolean };

function fail(draft: JobDraft, execution: Execution, { final, ...data }: Failure): void {
  const { code, why } = data;
  draft.emit(ExecutionFailed.of({ ...data, ...retryOf(draft, execution, { state: "failed", code, final }) }));
  failedInRollout(draft, execution, { code, why });
  conclude(draft);
}

/** The kinds of report after which the execution no longer runs. */
const settled: ReadonlySet<Report["saw"]["kind"]> = new Set(["completed", "failed", "stopped"]);

/** Decides on a report. Late and forged ones are refused with a sentence; a recorded one has no effect. */
export function takeReport({ nodeId, executionId, report }: JobCommands["Report"], draft: JobDraft, job: Job): void {
  const execution = executionOf(job, executionId);
  if (execution === undefined)
    draft.refuse("EXECUTION_NOT_FOUND", `job ${job.header.id} has no execution ${executionId}`);
  const holder = execution.placement.nodeId;
  if (holder !== nodeId) draft.refuse("NOT_YOURS", `${executionId} is held by ${holder}, reported by ${nodeId}`);
  if (report.number !== undefined && report.number <= execution.report) return;
  if (!isLive(execution)) draft.refuse("ILLEGAL_TRANSITION", `${executionId} is already ${execution.state}`);
  const head: Head = { executionId, ...(report.number === undefined ? {} : { report: report.number }) };
  if (execution.state === "stopping") {
    // The stop order is final: the result of a task that is to stop changes no outcome.
    if (!settled.has(report.saw.kind)) return;
    const retry = retryOf(draft, execution, { state: "stopped", code: "", final: false });
    draft.emit(ExecutionStopped.of({ ...head, ...retry }));
    conclude(draft);
    return;
  }
  const { preparation } = report;
  if (preparation !== undefined && execution.state === "assigned")
    draft.emit(
      ExecutionPreparing.of({ ...(report.saw.kind === "preparing" ? head : { executionId }), ...preparation }),
    );
  const handle = handlers[report.saw.kind] as ReportHandler<typeof report.saw>;
  handle(report.saw, execution, { draft, head });
}

function ensureStarted(
  { startedAt, runtime }: Saw<"running" | "publishing" | "completed">,
  { state, placement }: Execution,
  { draft, head }: { readonly draft: JobDraft; readonly head: Head },
): void {
  if (state !== "assigned") return;
  const seconds = specOf(openJob(draft), placement).tasks[0]?.timeouts.executionTimeout ?? 0;
  // The owner's clock, not the node's: a node with a wrong clock must not shorten or extend its deadline.
  const timeout = seconds > 0 ? { timeoutAt: draft.now + seconds * 1000 } : {};
  draft.emit(ExecutionStarted.of({ ...head, startedAt, ...timeout, ...(runtime === undefined ? {} : { runtime }) }));
}
