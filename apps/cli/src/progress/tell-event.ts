import type { FeedEvent } from "@shoal/client";
import {
  type Answer,
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionStopped,
  ExecutionsLost,
  ExecutionsStopping,
  fromWire,
  JobCompleted,
  JobFailed,
  JobQueued,
  JobStarted,
  JobStopped,
  JobSubmitted,
  NodeChanged,
  NodeDisconnected,
  NodeForgotten,
  NodeJoined,
  NodeReconnected,
  type SlotSet,
  SlotsQueued,
  shortId,
  slotText,
} from "@shoal/proto";

/** An event as a line for people. */
export interface Told {
  readonly topic: string;
  readonly text: string;
  readonly tone: "plain" | "good" | "bad" | "wait";
  /** The execution that it is about; empty when it is about the job or a node. */
  readonly executionId: string;
}

type Line = Partial<Told> & { readonly topic: string; readonly text: string };
type Schema = Parameters<typeof fromWire>[0];
type Facts<S extends Schema> = Extract<ReturnType<typeof fromWire<S>>, { readonly ok: true }>["value"];
type Row = readonly [kind: string, tell: (facts: unknown) => Line | undefined];

function row<S extends Schema>({ name, data }: { name: string; data: S }, tell: (facts: Facts<S>) => Line): Row {
  return [
    name,
    (facts) => {
      const read = fromWire(data, facts);
      return read.ok ? tell(read.value) : undefined;
    },
  ];
}

const retried = (retryAt: number | undefined): string =>
  retryAt === undefined ? "not tried again" : "tried again on another node if one fits";

/** Partitions and pinned slots by name. */
const slotsInWords = (slots: SlotSet): string =>
  `${slots.length === 1 && typeof slots[0] === "string" ? "Slot" : "Slots"} ${slotText(slots)}`;

const lines: ReadonlyMap<string, Row[1]> = new Map([
  row(JobSubmitted, ({ spec }) => ({
    topic: "Submission",
    text: `Job submitted: ${spec.type}, ${spec.count} × ${spec.tasks[0]?.engine.type ?? "nothing"}`,
  })),
  row(JobQueued, ({ why, answers }) => ({
    topic: "Queueing",
    text: [`Job queued. ${why}`, ...answersBeyond(why, answers)].join("; "),
    tone: "wait",
  })),
  row(SlotsQueued, ({ slots, why, answers }) => ({
    topic: "Queueing",
    text: [`Waiting for a place: ${slotText(slots)}. ${why}`, ...answersBeyond(why, answers)].join("; "),
    tone: "wait",
  })),
  row(JobStarted, () => ({ topic: "State Update", text: "Running" })),
  row(JobCompleted, () => ({ topic: "State Update", text: "Completed successfully", tone: "good" })),
  row(JobFailed, ({ code, why, answers = [] }) => ({
    topic: code === "JOB_TIMED_OUT" ? "Job Timeout" : "Scheduling",
    text: [`Error: ${why} (${code})`, ...answersBeyond(why, answers)].join("; "),
    tone: "bad",
  })),
  row(JobStopped, ({ why }) => ({ topic: "Scheduling", text: `Stopped: ${why}`, tone: "bad" })),
  row(ExecutionAssigned, ({ executionId, nodeId, slot, isPinned, attempt, answers }) => ({
    executionId,
    topic: "Scheduling",
    text: [
      `${isPinned ? "Slot" : "Partition"} ${slot}, try ${attempt}: requested on ${shortId(nodeId)}`,
      ...answers.map(answerInWords),
    ].join("; "),
  })),
  row(ExecutionStarted, ({ executionId }) => ({ executionId, topic: "Execution", text: "Running" })),
  row(ExecutionPublishing, ({ executionId }) => ({ executionId, topic: "Publishing", text: "Publishing results" })),
  row(ExecutionCompleted, ({ executionId, output }) => ({
    executionId,
    topic: "Execution",
    text: `Completed, exit code ${output.exitCode}`,
    tone: "good",
  })),
  row(ExecutionFailed, ({ executionId, code, why, retryAt }) => ({
    executionId,
    topic: "Execution",
    text: `Error: ${why} (${code}); ${retried(retryAt)}`,
    tone: "bad",
  })),
  row(ExecutionsStopping, ({ slots, why }) => ({
    topic: "Scheduling",
    text: `${slotsInWords(slots)}: stopping: ${why}`,
  })),
  row(ExecutionsLost, ({ slots, why, retryAt }) => ({
    topic: "Scheduling",
    text: `${slotsInWords(slots)}: error: ${why}; ${retried(retryAt)}`,
    tone: "bad",
  })),
  row(ExecutionStopped, ({ executionId }) => ({ executionId, topic: "Execution", text: "Stopped" })),
  row(NodeJoined, ({ info }) => ({ topic: "Node", text: `${shortId(info.nodeId)} joined`, tone: "good" })),
  row(NodeChanged, ({ info }) => ({ topic: "Node", text: `${shortId(info.nodeId)} changed` })),
  row(NodeDisconnected, ({ why }) => ({ topic: "Node", text: `Disconnected: ${why}`, tone: "bad" })),
  row(NodeReconnected, ({ info }) => ({ topic: "Node", text: `${shortId(info.nodeId)} is back`, tone: "good" })),
  row(NodeForgotten, () => ({ topic: "Node", text: "Forgotten: it was away for too long", tone: "bad" })),
]);

/** The kinds of event that have words of their own. */
export const toldKinds: readonly string[] = [...lines.keys()];

const rounded = (score = 0): string => String(Number(score.toFixed(1)));

function answerInWords({ nodeId, accepted, score, why }: Answer): string {
  return `${shortId(nodeId)} ${accepted ? `bid ${rounded(score)}` : `did not bid: ${why ?? "no reason given"}`}`;
}

/** The answers that the sentence before them does not tell already. */
function answersBeyond(told: string, answers: readonly Answer[]): readonly string[] {
  return answers.filter(({ accepted, why = "" }) => accepted || why === "" || !told.includes(why)).map(answerInWords);
}

/** What an event means, in words; a kind that this version does not know is told by its name. */
export function tellEvent({ type, cloudEvent }: FeedEvent): Told {
  const line = lines.get(type)?.(cloudEvent.data) ?? { topic: "Event", text: type };
  return { tone: "plain", executionId: "", ...line };
}

/** The id of the job or node that an event is about: the last part of its subject. */
export function aboutOf({ cloudEvent }: FeedEvent): string {
  return cloudEvent.subject.slice(cloudEvent.subject.lastIndexOf("/") + 1);
}
