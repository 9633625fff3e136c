import { Fault } from "@shoal/core";
import { readParams, type Task } from "@shoal/proto";
import type { Executor, Input, Workload } from "../../executors/executor.ts";
import { type Capture, capture } from "../capture.ts";
import { type Run, type RunnerPorts, resultsFolderOf } from "../run.ts";
import { environmentOf, portVariables } from "./environment.ts";
import { networkOf } from "./network.ts";
import { placesProblem } from "./plain.ts";

/** A workload that is ready to start, and the receivers of its output. */
export interface Ready {
  readonly executor: Executor;
  readonly workload: Workload;
  readonly capture: Capture;
}

/** True when the task leaves files that a publisher takes. */
export const publishes = (task: Task): boolean => task.publisher.type !== "";

/** What is decided about a workload before its inputs are fetched. */
export interface Plan extends Pick<Workload, "params" | "env"> {
  readonly executor: Executor;
}

/** Reads the whole task. Throws a Fault when it cannot run. */
export function planOf({ ports, assignment }: Run): Plan {
  const { task } = assignment;
  const executor = executorOf(ports, task);
  const params = readParams(executor.params, task.engine.params);
  if (!params.ok) throw new Fault("TASK_INVALID", `engine ${executor.name}: ${params.problems.join("; ")}`);
  const problem = placesProblem(task);
  if (problem !== undefined) throw new Fault("TASK_INVALID", problem);
  return { executor, params: params.value, env: environmentOf(assignment, ports.hostVariable) };
}

/** Builds the workload from its plan, and creates the folders it needs. */
export async function readyWorkload(run: Run, plan: Plan, inputs: readonly Input[]): Promise<Ready> {
  const { ports, assignment } = run;
  const { task, executionId, jobId, namespace, nodeId, resources } = assignment;
  const { executor, params, env } = plan;
  const folder = `${ports.workspace.folderOf(executionId)}/work`;
  const results = resultsFolderOf(run);
  const outputs = task.resultPaths.map(({ name, path }) => ({ name, path, hostPath: `${results}/${name}` }));
  await makeFolders(run, [
    ...(executor.needsFolder === false ? [] : [folder]),
    ...(publishes(task) ? [results] : []),
    ...outputs.map(({ hostPath }) => hostPath),
  ]);
  const listener = captureOf(run);
  const { output } = listener;
  const network = networkOf(task, ports.limits);
  const { ports: published = [], gpus = [], image } = run.runtime ?? {};
  const identity = { id: executionId, jobId, namespace, nodeId };
  const granted = { ports: published, gpus, ...(image === undefined ? {} : { pinnedImage: image }) };
  const reach = { network, domains: task.network.domains, env: { ...env, ...portVariables(published) } };
  const workload = { ...identity, params, ...reach, ...granted, inputs, outputs, resources, folder, output };
  return { executor, workload, capture: listener };
}

function executorOf({ executors }: RunnerPorts, { engine: { type } }: Task): Executor {
  if (executors.has(type)) return executors.get(type);
  throw new Fault("ENGINE_FAILED", `this node has no engine "${type}", only ${executors.names.join(", ")}`);
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
    log: ports.log({ executionId: assignment.executionId, generation: run.generation }),
    begin: publishes(assignment.task) ? (stream) => ports.workspace.begin(`${folder}/${stream}`) : undefined,
    fileBytesMax: ports.limits.outputFileBytes,
    outputBytesMax: ports.limits.outputBytesMax,
  });
}
