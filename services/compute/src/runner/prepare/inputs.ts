import { posix } from "node:path";
import { causeOf, Fault } from "@shoal/core";
import { readParams, type Task } from "@shoal/proto";
import type { Input } from "../../executors/executor.ts";
import { type TaskRoom, taskRoom } from "../../sources/room.ts";
import { deadline } from "../deadline.ts";
import { patience, retrying } from "../retrying.ts";
import type { Run } from "../run.ts";
import type { ProgressReporter } from "./progress-reporter.ts";

type InputSource = Task["inputSources"][number];

/**
 * Fetches all inputs concurrently, until `stopped`. The first failure aborts the other fetches and is thrown as a
 * Fault.
 */
export async function fetchInputs(
  run: Run,
  stopped: AbortSignal,
  progress: ProgressReporter,
): Promise<readonly Input[]> {
  const { ports, assignment } = run;
  const sources = assignment.task.inputSources;
  if (sources.length === 0) return [];
  run.hasFolder = true;
  const ms = ports.limits.inputsMs;
  const limit = deadline(ports.clock, { ms, stopped, what: "fetching inputs", code: "START_TIMED_OUT" });
  const failed = new AbortController();
  const room = roomOf(run);
  const signal = AbortSignal.any([limit.signal, failed.signal]);
  try {
    const fetches = sources.map(async (source, index) => {
      try {
        return await fetchOne(run, source, { index, signal, room, progress });
      } catch (failure) {
        // Only the first failure is the reason: the others follow from it.
        failed.abort(failure);
        throw failure;
      }
    });
    progress.begin("inputs");
    // Waits for all of them, so that afterwards nothing writes any more.
    const ends = await Promise.allSettled(fetches);
    if (failed.signal.aborted) throw failed.signal.reason;
    return ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  } catch (failure) {
    throw limit.why() ?? failure;
  } finally {
    limit.cancel();
  }
}

/** A task without requested disk has the node's limit: the limit must not depend on what other tasks have left. */
function roomOf({ ports: { limits }, assignment: { resources } }: Run): TaskRoom {
  return taskRoom({ inputBytes: limits.inputBytes, taskBytes: resources.diskBytes || limits.inputsDefaultDiskBytes });
}

interface InputTarget {
  readonly index: number;
  readonly signal: AbortSignal;
  readonly room: TaskRoom;
  readonly progress: ProgressReporter;
}

async function fetchOne(
  run: Run,
  { source, target: folderOrFile }: InputSource,
  { index, signal, room, progress }: InputTarget,
): Promise<Input> {
  const { ports, assignment } = run;
  if (!ports.sources.has(source.type)) {
    throw new Fault(
      "INPUT_UNAVAILABLE",
      `this node has no source "${source.type}", only ${ports.sources.names.join(", ")}`,
    );
  }
  const part = ports.sources.get(source.type);
  const params = readParams(part.params, source.params);
  if (!params.ok) throw new Fault("TASK_INVALID", `source ${part.name}: ${params.problems.join("; ")}`);
  const folder = `${ports.workspace.folderOf(assignment.executionId)}/inputs/${index}`;
  const { partition } = assignment;
  const own = room.input();
  // Only what comes from elsewhere takes time, and can be on the node already.
  const note = part.identify === undefined ? () => {} : progress.add(folderOrFile, source.type);
  let tries = 0;
  const fetched = await retrying({ ...ports, ...patience.inputs, signal }, async () => {
    tries += 1;
    note({ tries });
    // A failed attempt leaves part of an input, and its count: on a full disk nothing else would fit.
    own.release();
    await ports.workspace.remake(folder);
    const request = { namespace: assignment.namespace, params: params.value, partition, folder, room: own, signal };
    return part.fetch(request).catch((failure: unknown) => {
      note({ why: causeOf(failure).why });
      throw failure;
    });
  });
  const { hostPath, readOnly, held, name, sizeBytes, isCached = false } = fetched;
  note({ state: "ready", sizeBytes, isCached });
  const target = name === undefined ? folderOrFile : posix.join(folderOrFile, name);
  if (held === undefined) return { hostPath, target, readOnly };
  if (signal.aborted) {
    // The caller may have continued without it.
    await held.close();
    throw new Fault("STOPPED", `the input at ${target} arrived after it was aborted`);
  }
  run.held.push(held);
  return { hostPath, target, readOnly, held };
}
