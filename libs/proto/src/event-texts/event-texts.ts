import { eventKinds } from "../commit.ts";
import {
  type Answer,
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionPreparing,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionStopped,
  ExecutionsDisconnected,
  ExecutionsLost,
  ExecutionsReconnected,
  ExecutionsStopping,
} from "../execution/events.ts";
import { preparationEntry } from "../execution/preparation.ts";
import { runtimeDetails } from "../execution/runtime.ts";
import { shortId } from "../ids.ts";
import {
  JobCompleted,
  JobFailed,
  JobQueued,
  JobRolledOut,
  JobRolloutHalted,
  JobStarted,
  JobStopped,
  JobSubmitted,
  JobTargeted,
  JobUpdated,
  SlotsQueued,
} from "../job/events.ts";
import { type SlotSet, slotText } from "../slots.ts";
import { fromWire } from "../wire/codec.ts";
import { nodeAndSecretRows } from "./node-and-secret-rows.ts";
import { type EventText, type PartialEventText, row, timeOf } from "./row.ts";

/** A failure in the details of the history, in Bacalhau's terms. */
const failure = (code: string, retryAt: number | undefined): Record<string, string> => ({
  NewState: "Failed",
  IsError: "true",
  ErrorCode: code,
  Retryable: String(retryAt !== undefined),
  FailsExecution: "true",
});

const retried = (retryAt: number | undefined): string =>
  retryAt === undefined ? "not retried" : "retried on another node if one fits";

/** Names partitions and pinned slots. */
const slotsInWords = (slots: SlotSet): string =>
  `${slots.length === 1 && typeof slots[0] === "string" ? "Slot" : "Slots"} ${slotText(slots)}`;

const isOnNodes = (type: string): boolean => type === "ops" || type === "daemon";

const rounded = (score = 0): string => String(Number(score.toFixed(1)));

function answerInWords({ nodeId, accepted, score, why }: Answer): string {
  return `${shortId(nodeId)} ${accepted ? `bid ${rounded(score)}` : `did not bid: ${why ?? "no reason given"}`}`;
}

/** The answers that the preceding sentence does not contain. */
function answersBeyond(sentence: string, answers: readonly Answer[]): readonly string[] {
  return answers
    .filter(({ accepted, why = "" }) => accepted || why === "" || !sentence.includes(why))
    .map(answerInWords);
}

/** Why an execution was assigned to its node, for the details of the history. */
function reasonOf(nodeId: string, answers: readonly Answer[]): Record<string, string> {
  const each = answers.map(
    ({ nodeId: from, accepted, score = 0, why = "" }) =>
      `${from}: ${accepted ? `bid ${score}` : `did not bid, ${why}`}`,
  );
  return each.length === 0 ? {} : { Reason: `${shortId(nodeId)} chosen; ${each.join("; ")}` };
}

/**
 * The text of every event: the history of a job, the CLI and the feed read this table. What the scheduler decides without a
 * report of a node (stop, loss of a node, a job that cannot continue) has the topic Scheduling.
 */
const rows: ReadonlyMap<string, (data: unknown) => PartialEventText> = new Map([
  row(JobSubmitted, ({ spec }) => ({
    topic: "Submission",
    message: "Job submitted",
    details: { NewState: "Pending" },
    text: `Job submitted: ${spec.type}, ${isOnNodes(spec.type) ? "every node" : spec.count} × ${spec.tasks[0]?.engine.type ?? "no engine"}`,
  })),
  row(JobUpdated, ({ version, of, failed, why }) => ({
    topic: "Submission",
    message: of === undefined ? "Job updated" : failed === undefined ? "Job rerun requested" : why,
    details: { NewState: "Pending", Reason: why },
    text: `Version ${version}: ${why}`,
    ...(failed === undefined ? {} : { tone: "bad" as const }),
  })),
  row(JobTargeted, ({ nodes, why }) => ({
    topic: "Scheduling",
    message: `Runs on ${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}${why === undefined ? "" : `: ${why}`}`,
    details: { Nodes: nodes.map((nodeId) => shortId(nodeId)).join(", ") },
  })),
  row(JobRolledOut, ({ version }) => ({
    topic: "Scheduling",
    message: `Version ${version} is rolled out`,
    tone: "good",
  })),
  row(JobRolloutHalted, ({ version, code, why }) => ({
    topic: "Scheduling",
    message: why,
    details: { IsError: "true", ErrorCode: code },
    text: `Rollout of version ${version} halted: ${why}`,
    tone: "bad",
  })),
  row(JobQueued, ({ why, answers }) => ({
    topic: "Queueing",
    message: `Job queued. ${why}`,
    details: { NewState: "Queued", Reason: why },
    text: [`Job queued. ${why}`, ...answersBeyond(why, answers)].join("; "),
    tone: "wait",
  })),
  row(SlotsQueued, ({ slots, why, answers }) => ({
    topic: "Queueing",
    message: `Waiting for a node: ${slotText(slots)}. ${why}`,
    details: { Slots: slotText(slots), Reason: why },
    text: [`Waiting for a node: ${slotText(slots)}. ${why}`, ...answersBeyond(why, answers)].join("; "),
    tone: "wait",
  })),
  row(JobStarted, () => ({ topic: "State Update", message: "Running", details: { NewState: "Running" } })),
  row(JobCompleted, () => ({
    topic: "State Update",
    message: "Completed successfully",
    details: { NewState: "Completed" },
    tone: "good",
  })),
  row(JobFailed, ({ code, why, answers = [] }) => ({
    topic: code === "JOB_TIMED_OUT" ? "Job Timeout" : "Scheduling",
    message: why,
    details: { NewState: "Failed", IsError: "true", ErrorCode: code },
    text: [`Error: ${why} (${code})`, ...answersBeyond(why, answers)].join("; "),
    tone: "bad",
  })),
  row(JobStopped, ({ why }) => ({
    topic: "Scheduling",
    message: "Job requested to stop before completion",
    details: { NewState: "Stopped", Reason: why },
    text: `Stopped: ${why}`,
    tone: "bad",
  })),
  row(ExecutionAssigned, ({ executionId, nodeId, slot, isPinned, attempt, answers }) => ({
    executionId,
    topic: "Scheduling",
    message: `Requested execution on ${shortId(nodeId)}`,
    details: { NodeID: nodeId, Attempt: String(attempt), ...reasonOf(nodeId, answers) },
    text: [
      `${isPinned ? "Slot" : "Partition"} ${slot}, attempt ${attempt}: requested on ${shortId(nodeId)}`,
      ...answers.map(answerInWords),
    ].join("; "),
  })),
  row(ExecutionPreparing, ({ executionId, ...shown }) => ({ executionId, ...preparationEntry(shown) })),
  row(ExecutionStarted, ({ executionId, runtime }) => ({
    executionId,
    topic: "Execution",
    message: "Running",
    details: { NewState: "Running", ...runtimeDetails(runtime) },
  })),
  row(ExecutionPublishing, ({ executionId }) => ({
    executionId,
    topic: "Publishing Results",
    message: "Publishing",
    details: { NewState: "Publishing" },
    text: "Publishing results",
  })),
  row(ExecutionCompleted, ({ executionId, output }) => ({
    executionId,
    topic: "Execution",
    message: "Completed successfully",
    details: { NewState: "Completed", ExitCode: String(output.exitCode) },
    text: `Completed, exit code ${output.exitCode}`,
    tone: "good",
  })),
  row(ExecutionFailed, ({ executionId, code, why, retryAt }) => ({
    executionId,
    topic: code === "EXECUTION_TIMED_OUT" ? "Exec Timeout" : "Execution",
    message: why,
    details: failure(code, retryAt),
    text: `Error: ${why} (${code}); ${retried(retryAt)}`,
    tone: "bad",
  })),
  row(ExecutionsStopping, ({ slots, why }) => ({
    topic: "Scheduling",
    message: why,
    details: { NewState: "Cancelled" },
    text: `${slotsInWords(slots)}: stopping: ${why}`,
  })),
  row(ExecutionsLost, ({ slots, code, why, retryAt }) => ({
    topic: "Scheduling",
    message: `Execution stop requested because ${why}`,
    details: failure(code, retryAt),
    text: `${slotsInWords(slots)}: error: ${why}; ${retried(retryAt)}`,
    tone: "bad",
  })),
  row(ExecutionsDisconnected, ({ slots, why, until }) => ({
    topic: "Scheduling",
    message: `Waits for its node until ${timeOf(until)}: ${why}`,
    text: `${slotsInWords(slots)}: ${why}; lost unless the node is back by ${timeOf(until)}`,
    tone: "wait",
  })),
  row(ExecutionsReconnected, ({ slots }) => ({
    topic: "Scheduling",
    message: "Continues: its node is back in time",
    text: `${slotsInWords(slots)}: its node is back in time, and it continues`,
    tone: "good",
  })),
  row(ExecutionStopped, ({ executionId }) => ({
    executionId,
    topic: "Execution",
    message: "Stopped",
    details: { NewState: "Cancelled" },
  })),
  ...nodeAndSecretRows,
]);

/** The types of events that have a row. */
export const typesWithText: ReadonlySet<string> = new Set(rows.keys());

/** The text of an event of the log; for a type without a row its name alone. */
export function eventText({ type, data }: { readonly type: string; readonly data: unknown }): EventText {
  return textOf(type, rows.get(type)?.(data));
}

/** The text of an event of the feed, whose facts are in the wire format; for an unreadable one its name alone. */
export function feedEventText({ type, data }: { readonly type: string; readonly data: unknown }): EventText {
  const kind = eventKinds.get(type);
  const read = kind && fromWire(kind.data, data);
  return read?.ok === true ? eventText({ type, data: read.value }) : textOf(type);
}

const textOf = (type: string, found: PartialEventText = { topic: "Event", message: type }): EventText => ({
  text: found.message,
  details: {},
  tone: "plain",
  executionId: "",
  ...found,
});
