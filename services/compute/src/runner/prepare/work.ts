import { Fault } from "@shoal/core";
import { readParams, type Task } from "@shoal/proto";
import type { Executor, Input, Work } from "../../executors/executor.ts";
import { type Capture, capture } from "../capture.ts";
import { type Run, resultsFolderOf } from "../run.ts";
import { environmentOf } from "./environment.ts";
import { placesProblem } from "./plain.ts";

/** A work that could be started, and what listens to it. */
export interface Ready {
  readonly executor: Executor;
  readonly work: Work;
  readonly capture: Capture;
}

/** True when the task leaves files behind that somebody will take. */
export const publishes = (task: Task): boolean => task.publisher.type !== "";

/** Makes the work out of an assignment, and the folders it needs. Throws a Fault when the task cannot be run as it is. */
export async function readyWork(run: Run, inputs: readonly Input[]): Promise<Ready> {
  const { ports, assignment } = run;
  const { task, executionId } = assignment;
  const executor = executorOf(run);
  const params = readParams(executor.params, task.engine.params);
  if (!params.ok) throw new Fault("TASK_INVALID", `engine ${executor.name}: ${params.problems.join("; ")}`);
  const problem = placesProblem(task);
  if (problem !== undefined) throw new Fault("TASK_INVALID", problem);
  const env = environmentOf(assignment, ports.hostVariable);
  const folder = `${ports.workspace.folderOf(executionId)}/work`;
  const outputs = task.resultPaths.map(({ name, path }) => ({
    name,
    path,
    hostPath: `${resultsFolderOf(run)}/${name}`,
  }));
  await makeFolders(run, [
    ...(executor.needsFolder === false ? [] : [folder]),
    ...(publishes(task) ? [resultsFolderOf(run)] : []),
    ...outputs.map(({ hostPath }) => hostPath),
  ]);
  const listener = captureOf(run);
  const { jobId, namespace, nodeId, resources } = assignment;
  const network = networkOf(task, ports.limits.rejectNetworked);
  const identity = { id: executionId, jobId, namespace, nodeId };
  const work = {
    ...identity,
    params: params.value,
    env,
    inputs,
    outputs,
    resources,
    network,
    folder,
    output: listener.output,
  };
  return { executor, work, capture: listener };
}

function executorOf({ ports, assignment }: Run): Executor {
  const { type } = assignment.task.engine;
  if (ports.executors.has(type)) return ports.executors.get(type);
  throw new Fault("ENGINE_FAILED", `engine "${type}" is not on this node, only ${ports.executors.names.join(", ")}`);
}

async function makeFolders(run: Run, folders: readonly string[]): Promise<void> {
  if (folders.length === 0) return;
  run.hasFolder = true;
  for (const folder of folders) await run.ports.workspace.make(folder);
}

function captureOf(run: Run): Capture {
  const { ports, assignment } = run;
  const folder = resultsFolderOf(run);
  return capture({
    log: ports.log(assignment.executionId),
    begin: publishes(assignment.task) ? (stream) => ports.workspace.begin(`${folder}/${stream}`) : undefined,
    fileBytesMax: ports.limits.outputFileBytes,
  });
}

const networks = {
  default: "bridge",
  none: "none",
  host: "host",
  full: "host",
  http: "none",
  bridge: "bridge",
} as const;

/** What a task gets. HTTP with its list of domains needs a gateway that no engine has yet; the bidder refuses it. */
function networkOf({ network }: Task, rejectNetworked: boolean): Work["network"] {
  return rejectNetworked ? "none" : networks[network.type];
}
