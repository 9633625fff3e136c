import { errors, type JobExplanation, type NodeEntity, type SlotExplanation, type WaitExplanation } from "@shoal/proto";
import { placedAgainAt } from "../job/draft.ts";
import { type Execution, executionsOf, isOver, type Job, latestOf } from "../job/job.ts";
import { jobTypes } from "../job/job-types/index.ts";
import { countsAgainstTask } from "../job/task-failure.ts";
import type { Slot, World } from "../kind.ts";
import type { StoredCommit } from "../ports/event-log.ts";
import { requirementsOf } from "../schedule/requirements.ts";
import { obstacleOf, type PresentNode, presentNodes } from "./present-nodes.ts";
import { type RecordedDecisions, recordedDecisions } from "./recorded.ts";
import { grouped, refusalOf } from "./refusals.ts";
import { unblockedBy } from "./unblock.ts";

/** Limits of one explanation; the rest is only counted. */
const explainLimits = {
  /** A page of the API has 100 items; each of these has some refusals besides. */
  slots: 50,
  competitors: 5,
} as const;

/** Everything that an explanation is made from. */
export interface ExplainInput {
  readonly job: Job;
  readonly stored: readonly StoredCommit[];
  /** The nodes of the cluster now. */
  readonly nodes: readonly NodeEntity[];
  readonly now: number;
}

/** Explains a job: by its log, and what it waits for by the present nodes. Pure. */
export function explainJob({ job, stored, nodes: entities, now }: ExplainInput): JobExplanation {
  const nodes = presentNodes(entities);
  const recorded = recordedDecisions(stored);
  const slots = slotsOf(job, nodes);
  const waiting = isOver(job) ? [] : slots.filter(({ slot }) => placedAgainAt(job, slot) !== undefined);
  const isWaiting = new Set(waiting.map(({ slot }) => slot));
  const ordered = [...waiting, ...slots.filter(({ slot }) => !isWaiting.has(slot))];
  const { id: jobId, version, state, message, code } = job.header;
  const cause = state === "failed" ? causeOf(job) : undefined;
  return {
    ...{ jobId, version, state },
    why: firstLineOf(message) || stateWords[state],
    ...(cause === undefined ? {} : { cause: { ...cause, hint: hintOf(cause.code || code) } }),
    slots: ordered
      .slice(0, explainLimits.slots)
      .map((slot) => explainSlot({ job, recorded, slot, isWaiting: isWaiting.has(slot.slot) })),
    moreSlots: Math.max(0, slots.length - explainLimits.slots),
    ...(waiting.length === 0 ? {} : { waiting: explainWait({ job, recorded, nodes, now }, waiting) }),
  };
}

/** The rest names the refusals, which are listed. */
const firstLineOf = (text: string): string => text.split("\n")[0] ?? "";

const stateWords = {
  pending: "submitted, and not placed so far",
  queued: "waits for nodes",
  running: "runs",
  completed: "every slot is done",
  failed: "failed",
  stopped: "stopped",
} as const satisfies Record<Job["header"]["state"], string>;

const hintOf = (code: string): string => Object.entries(errors).find(([name]) => name === code)?.[1].hint ?? "";

/** The slots of the job, and those that it had on nodes that it has left. */
function slotsOf(job: Job, nodes: readonly PresentNode[]): readonly Slot[] {
  const usable = nodes.filter(
    ({ entity }) => entity.membership === "APPROVED" && entity.connection === "connected" && entity.drain === undefined,
  );
  const world: World = { isGone: () => false, nodes: () => usable.map(({ info }) => info), settled: () => true };
  const slots = jobTypes.get(job.header.spec.type).slots(job, world);
  const known = new Set(slots.map(({ slot }) => slot));
  return [...slots, ...[...job.slots.keys()].filter((slot) => !known.has(slot)).map((slot) => ({ slot }))];
}

/** The first failure of the task; without one the job's own reason. */
function causeOf(job: Job): Omit<NonNullable<JobExplanation["cause"]>, "hint"> {
  const { code, message, version } = job.header;
  const first = executionsOf(job).find(
    (execution) =>
      execution.placement.version === version && execution.state === "failed" && countsAgainstTask(execution.code),
  );
  if (first === undefined || code === "JOB_TIMED_OUT") return { code, why: message };
  const { executionId, nodeId } = first.placement;
  return { code: first.code, why: first.message, executionId, nodeId };
}

interface SlotInput {
  readonly job: Job;
  readonly recorded: RecordedDecisions;
  readonly slot: Slot;
  readonly isWaiting: boolean;
}

function explainSlot({ job, recorded, slot: { slot }, isWaiting }: SlotInput): SlotExplanation {
  const execution = latestOf(job, slot);
  const none = { slot, competitors: [], refusals: [] };
  if (execution === undefined)
    return isOver(job)
      ? { ...none, state: "unplaced", why: "the job ended before a node got it" }
      : { ...none, state: "waiting", why: "not placed so far" };
  const { nodeId, attempt, executionId, isPinned } = execution.placement;
  if (isWaiting) return { ...none, state: "waiting", nodeId, attempt, why: endInWords(execution) };
  const answers = recorded.answers.get(executionId) ?? [];
  const bids = answers
    .filter(({ accepted }) => accepted)
    .map(({ nodeId: bidder, score = 0 }) => ({ nodeId: bidder, score }))
    .toSorted((a, b) => b.score - a.score);
  const rank = bids.findIndex(({ nodeId: bidder }) => bidder === nodeId) + 1;
  return {
    slot,
    ...{ state: execution.state, nodeId, attempt },
    why: `${placeInWords({ nodeId, isPinned, rank, bids: bids.length })}${execution.message === "" ? "" : `; ${execution.message}`}`,
    ...(rank === 0 ? {} : { rank }),
    competitors: bids.filter(({ nodeId: bidder }) => bidder !== nodeId).slice(0, explainLimits.competitors),
    refusals: [...grouped(answers.filter(({ accepted }) => !accepted).map(refusalOf))],
  };
}

function placeInWords(place: { nodeId: string; isPinned: boolean; rank: number; bids: number }): string {
  const { nodeId, isPinned, rank, bids } = place;
  if (isPinned) return `the slot belongs to ${nodeId}`;
  if (rank === 0) return `placed on ${nodeId}; its bid is not recorded`;
  if (bids === 1) return `${nodeId} made the only bid`;
  if (rank === 1) return `${nodeId} made the best of ${bids} bids`;
  return `${nodeId} made bid ${rank} of ${bids}: the better ones serve other slots, or the job failed there before`;
}

const endInWords = ({ state, message, placement }: Execution): string =>
  `attempt ${placement.attempt} on ${placement.nodeId} ended as ${state}${message === "" ? "" : `: ${message}`}`;

interface WaitInput {
  readonly job: Job;
  readonly recorded: RecordedDecisions;
  readonly nodes: readonly PresentNode[];
  readonly now: number;
}

/** The kinds of records about waiting, by their beginning. */
const waitNames: readonly (readonly [start: string, name: string])[] = [
  ["not enough nodes", "nodes"],
  ["not matching nodes", "nodes"],
  ["waiting for room", "queue"],
  ["namespace ", "quota"],
];

function explainWait({ job, recorded, nodes, now }: WaitInput, waiting: readonly Slot[]): WaitExplanation {
  const requirements = requirementsOf(job.header.spec);
  const times = waiting.flatMap(({ slot }) => placedAgainAt(job, slot) ?? []);
  const pausing = times.filter((at) => at > now);
  const { wait } = recorded;
  const isDue = pausing.length < waiting.length;
  const first = firstLineOf(wait?.why ?? "");
  const reasons = [
    ...(pausing.length === 0
      ? []
      : [
          {
            name: "pause",
            why: `${pausing.length === 1 ? "a slot is" : `${pausing.length} slots are`} placed again after a pause, the first at ${timeOf(Math.min(...pausing))}`,
          },
        ]),
    ...(isDue && wait !== undefined
      ? [{ name: waitNames.find(([start]) => first.startsWith(start))?.[1] ?? "other", why: first }]
      : []),
    ...(isDue && wait === undefined
      ? [{ name: "new", why: "no node was found so far, and no reason is recorded" }]
      : []),
  ];
  const refusals = wait?.answers.filter(({ accepted }) => !accepted).map(refusalOf) ?? [];
  const present = requirements === undefined ? [] : nodes.flatMap((node) => obstacleOf(node, requirements) ?? []);
  return {
    slots: waiting.length,
    reasons,
    refusals: [...grouped(refusals)],
    present: [...grouped(present)],
    unblock: requirements === undefined || !isDue ? [] : [...unblockedBy(requirements, nodes)],
  };
}

const timeOf = (at: number): string => new Date(at).toISOString();
