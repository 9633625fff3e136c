import { ExecutionsDisconnected, ExecutionsReconnected, type NodeDrain, slotSetOf, standingTypes } from "@shoal/proto";
import { summariesOf } from "../chunked-map.ts";
import type { World } from "../kind.ts";
import type { JobCommand, JobCommands } from "./commands.ts";
import { conclude, type JobDraft, loseAll, openJob, stopSlots } from "./draft.ts";
import { type Execution, type Job, liveExecutions, liveNodes, specOf } from "./job.ts";

/** What the nodes of a job's executions demand now, and when time alone changes that. */
interface NodeNeeds {
  readonly commands: readonly JobCommand[];
  readonly times: readonly number[];
}

/** What follows for a job from the state of the nodes that have its executions: gone, back, or draining. */
export function nodeNeeds(job: Job, world: World, now: number): NodeNeeds {
  const commands: JobCommand[] = [];
  const times: number[] = [];
  const affected = new Set(summariesOf(job.live, lostIn).flat());
  for (const nodeId of liveNodes(job))
    if (world.isGone(nodeId) || world.drainOf?.(nodeId) !== undefined) affected.add(nodeId);
  if (affected.size === 0) return { commands, times };
  const onThese = liveExecutions(job).filter(({ placement }) => affected.has(placement.nodeId));
  for (const [nodeId, executions] of Map.groupBy(onThese, ({ placement }) => placement.nodeId)) {
    const needs = world.isGone(nodeId)
      ? ofGone(job, { nodeId, executions, removal: world.removalOf?.(nodeId), now })
      : ofPresent(job, { nodeId, executions, drain: world.drainOf?.(nodeId), now });
    commands.push(...needs.commands);
    times.push(...needs.times);
  }
  return { commands, times };
}

/** The nodes of executions that wait for their disconnected node. */
const lostIn = (executions: ReadonlyMap<string, Execution>): readonly string[] =>
  [...executions.values()].flatMap(({ lostAt, placement }) => (lostAt === undefined ? [] : [placement.nodeId]));

interface OnNode {
  readonly nodeId: string;
  readonly executions: readonly Execution[];
  readonly now: number;
}

function ofGone(
  job: Job,
  { nodeId, executions, removal, now }: OnNode & { readonly removal: string | undefined },
): NodeNeeds {
  const why = removal ?? "node has disappeared";
  const command: JobCommand = { name: "LoseNode", nodeId, why, ...(removal === undefined ? {} : { isFinal: true }) };
  const isDue = executions.some(
    (each) => removal !== undefined || each.lostAt === undefined || isLostNow(job, each, now),
  );
  return {
    commands: isDue ? [command] : [],
    times: executions.flatMap(({ lostAt = 0 }) => (lostAt > now ? [lostAt] : [])),
  };
}

function ofPresent(
  job: Job,
  { nodeId, executions, drain, now }: OnNode & { readonly drain: NodeDrain | undefined },
): NodeNeeds {
  const commands: JobCommand[] = [];
  if (executions.some((each) => each.lostAt !== undefined && each.state !== "stopping"))
    commands.push({ name: "ResumeNode", nodeId });
  if (drain === undefined || !executions.some(isMovable)) return { commands, times: [] };
  // A service never finishes: it moves at once. A daemon ends with the node's work.
  const at = standingTypes.includes(job.header.spec.type) ? now : drain.until;
  if (at > now) return { commands, times: [at] };
  const why = drain.why === "" ? "node is draining" : `node is draining: ${drain.why}`;
  commands.push({ name: "LeaveNode", nodeId, why });
  return { commands, times: [] };
}

/** What is publishing has done its work, and ends within the time limit of publishing. */
export const isMovable = ({ state }: Execution): boolean => state === "assigned" || state === "running";

/** How long an execution waits for its disconnected node before it is lost. */
const patienceMs = (job: Job, { placement }: Execution): number =>
  (specOf(job, placement).tasks[0]?.disconnect?.lostAfter ?? 0) * 1000;

const isLostNow = (job: Job, execution: Execution, now: number): boolean =>
  execution.state === "stopping" ||
  patienceMs(job, execution) === 0 ||
  (execution.lostAt !== undefined && execution.lostAt <= now);

const liveOn = (draft: JobDraft, nodeId: string): readonly Execution[] =>
  liveExecutions(openJob(draft)).filter(({ placement }) => placement.nodeId === nodeId);

/** A node is gone: its executions are lost, those with patience only if the node does not return in time. */
export function loseNode({ nodeId, why, isFinal = false }: JobCommands["LoseNode"], draft: JobDraft): void {
  const job = openJob(draft);
  const held = liveOn(draft, nodeId);
  const isLost = (execution: Execution) => isFinal || isLostNow(job, execution, draft.now);
  loseAll(draft, held.filter(isLost), { code: "NODE_LOST", why });
  const waiting = held.filter((execution) => !isLost(execution) && execution.lostAt === undefined);
  for (const [afterMs, group] of Map.groupBy(waiting, (execution) => patienceMs(job, execution))) {
    const slots = slotSetOf(group.map(({ placement }) => placement.slot));
    draft.emit(ExecutionsDisconnected.of({ slots, why, until: draft.now + afterMs }));
  }
  conclude(draft);
}

/** A node is back in time: its executions continue, and are not replaced. */
export function resumeNode({ nodeId }: JobCommands["ResumeNode"], draft: JobDraft): void {
  const back = liveOn(draft, nodeId).filter(({ lostAt, state }) => lostAt !== undefined && state !== "stopping");
  if (back.length === 0) return;
  draft.emit(ExecutionsReconnected.of({ slots: slotSetOf(back.map(({ placement }) => placement.slot)) }));
}

/** The node is to become empty: its executions stop, and their slots are placed again. */
export function leaveNode({ nodeId, why }: JobCommands["LeaveNode"], draft: JobDraft): void {
  stopSlots(draft, liveOn(draft, nodeId).filter(isMovable), why);
}
