import { ExecutionCompleted, ExecutionFailed, ExecutionPublishing, ExecutionStarted } from "@shoal/proto";
import { isBlameless } from "./blameless.ts";
import type { JobCommands } from "./commands.ts";
import { conclude, type JobDraft, retryOf } from "./draft.ts";
import { type Execution, isLive, type Job } from "./job.ts";

type Saw<K extends string> = Extract<JobCommands["Report"]["report"]["saw"], { kind: K }>;
type Take<S> = (saw: S, execution: Execution, draft: JobDraft) => void;

/** What each kind of report leads to, for an execution that is live. A kind that says nothing new leads to nothing. */
const takes: { readonly [K in JobCommands["Report"]["report"]["saw"]["kind"]]: Take<Saw<K>> } = {
  running: (saw, execution, draft) => ensureStarted(saw.startedAt, execution, draft),
  publishing: (saw, execution, draft) => {
    ensureStarted(saw.startedAt, execution, draft);
    if (execution.state !== "publishing")
      draft.emit(ExecutionPublishing.of({ executionId: execution.placement.executionId }));
  },
  completed: (saw, execution, draft) => {
    ensureStarted(saw.startedAt, execution, draft);
    const { executionId } = execution.placement;
    draft.emit(
      ExecutionCompleted.of({
        executionId,
        output: saw.output,
        ...(saw.result === undefined ? {} : { result: saw.result }),
      }),
    );
    conclude(draft);
  },
  failed: (saw, execution, draft) => {
    const again = retryOf(draft, execution, { final: saw.final, blameless: isBlameless(saw.code) });
    const { executionId } = execution.placement;
    const { code, why, output } = saw;
    draft.emit(ExecutionFailed.of({ executionId, code, why, ...(output === undefined ? {} : { output }), ...again }));
    conclude(draft);
  },
  // The node stopped what the log still wants: it lost sight of its assignment, so the try is lost and made again.
  stopped: (_, execution, draft) => {
    const again = retryOf(draft, execution, { final: false, blameless: true });
    const { executionId } = execution.placement;
    draft.emit(
      ExecutionFailed.of({ executionId, code: "STOPPED", why: "the node stopped it although nobody asked", ...again }),
    );
    conclude(draft);
  },
};

/** Decides on a report. Late, doubled and forged ones are refused with a sentence or found to say nothing new. */
export function takeReport({ nodeId, executionId, report }: JobCommands["Report"], draft: JobDraft, job: Job): void {
  const execution = job.executions.get(executionId);
  if (execution === undefined)
    draft.refuse("EXECUTION_NOT_FOUND", `job ${job.header.id} has no execution ${executionId}`);
  const holder = execution.placement.nodeId;
  if (holder !== nodeId) draft.refuse("NOT_YOURS", `${executionId} is held by ${holder}, reported by ${nodeId}`);
  if (!isLive(execution)) draft.refuse("ILLEGAL_TRANSITION", `${executionId} is ${execution.state} already`);
  const take = takes[report.saw.kind] as Take<typeof report.saw>;
  take(report.saw, execution, draft);
}

function ensureStarted(startedAt: number, { state, placement }: Execution, draft: JobDraft): void {
  if (state !== "assigned") return;
  const seconds = draft.state?.header.spec.tasks[0]?.timeouts.executionTimeout ?? 0;
  // The owner's clock, not the node's: a node whose clock is wrong must not be able to end or stretch its own deadline.
  const timeout = seconds > 0 ? { timeoutAt: draft.now + seconds * 1000 } : {};
  draft.emit(ExecutionStarted.of({ executionId: placement.executionId, startedAt, ...timeout }));
}
