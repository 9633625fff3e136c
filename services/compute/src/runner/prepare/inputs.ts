import { Fault } from "@shoal/core";
import { readParams, type Task } from "@shoal/proto";
import type { Input } from "../../executors/executor.ts";
import { type TaskRoom, taskRoom } from "../../sources/room.ts";
import { deadline } from "../deadline.ts";
import { retrying } from "../retrying.ts";
import type { Run } from "../run.ts";

type InputSource = Task["inputSources"][number];

/** Brings every input in, side by side, until `stopped`. The first that cannot be brought in ends the others, and is thrown as a Fault. */
export async function fetchInputs(run: Run, stopped: AbortSignal): Promise<readonly Input[]> {
  const { ports, assignment } = run;
  const sources = assignment.task.inputSources;
  if (sources.length === 0) return [];
  run.hasFolder = true;
  const ms = ports.limits.inputsMs;
  const limit = deadline(ports.clock, { ms, stopped, what: "bringing inputs in", code: "START_TIMED_OUT" });
  const failed = new AbortController();
  const room = roomOf(run);
  const signal = AbortSignal.any([limit.signal, failed.signal]);
  try {
    const fetches = sources.map(async (source, index) => {
      try {
        return await fetchOne(run, source, { index, signal, room });
      } catch (failure) {
        // Only the first is kept as the reason: the others follow from it.
        failed.abort(failure);
        throw failure;
      }
    });
    // All of them, so that afterwards nothing writes any more.
    const ends = await Promise.allSettled(fetches);
    if (failed.signal.aborted) throw failed.signal.reason;
    return ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  } catch (failure) {
    throw limit.why() ?? failure;
  } finally {
    limit.cancel();
  }
}

/** What a task that asks for no disk may bring in is the node's setting: its limit must not depend on what others have left. */
function roomOf({ ports: { limits }, assignment: { resources } }: Run): TaskRoom {
  return taskRoom({ inputBytes: limits.inputBytes, taskBytes: resources.diskBytes || limits.inputsDefaultDiskBytes });
}

interface InputTarget {
  readonly index: number;
  readonly signal: AbortSignal;
  readonly room: TaskRoom;
}

async function fetchOne(
  run: Run,
  { source, target }: InputSource,
  { index, signal, room }: InputTarget,
): Promise<Input> {
  const { ports, assignment } = run;
  if (!ports.sources.has(source.type)) {
    throw new Fault(
      "INPUT_UNAVAILABLE",
      `source "${source.type}" is not on this node, only ${ports.sources.names.join(", ")}`,
    );
  }
  const part = ports.sources.get(source.type);
  const params = readParams(part.params, source.params);
  if (!params.ok) throw new Fault("TASK_INVALID", `source ${part.name}: ${params.problems.join("; ")}`);
  const folder = `${ports.workspace.folderOf(assignment.executionId)}/inputs/${index}`;
  const { partition } = assignment;
  const own = room.input();
  const { hostPath, readOnly, held } = await retrying(ports, signal, async () => {
    // A try that failed in the middle leaves a part, and what it took: on a full disk nothing else would fit either.
    own.release();
    await ports.workspace.remake(folder);
    return part.fetch({ params: params.value, partition, folder, room: own, signal });
  });
  if (held === undefined) return { hostPath, target, readOnly };
  if (signal.aborted) {
    // Who asked for it may have gone on without it.
    await held.close();
    throw new Fault("STOPPED", `the input at ${target} came after it was broken off`);
  }
  run.held.push(held);
  return { hostPath, target, readOnly, held };
}
