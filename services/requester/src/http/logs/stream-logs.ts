import {
  type Clock,
  type EventLog,
  executionOf,
  executionsOf,
  Fault,
  isLive,
  isOver,
  type Job,
  type LogReader,
  type StoredCommit,
} from "@shoal/core";
import { ExecutionAssigned, ExecutionsStopping, executionMachine, jobMachine, SlotSet, slotsIn } from "@shoal/proto";
import { z } from "zod";
import type { FoundJob } from "../../reads/find-job.ts";
import { type ExecutionOutput, followOutput, type OutputRequest, readOutput } from "./execution-output.ts";
import { type LineWriter, lineWriterOf, type OutputLine } from "./line-writer.ts";

export interface LogsRequest {
  readonly found: FoundJob;
  /** One execution; undefined means all of the job. */
  readonly executionId: string | undefined;
  /** Only output from now on. */
  readonly tail: boolean;
  /** Follows the output until all executions have ended. */
  readonly follow: boolean;
}

export interface LogsParts {
  readonly log: EventLog;
  readonly logs: LogReader;
  readonly clock: Clock;
  readonly line: (line: OutputLine) => void;
  /** A promise while the receiver's buffer is full: no more is read then. */
  readonly room: OutputRequest["room"];
}

const ended = (machine: typeof executionMachine | typeof jobMachine): ReadonlySet<string> =>
  new Set(
    machine.rows.filter(([, , to]) => machine.terminal.some((state) => state === to)).map(([, kind]) => kind.name),
  );
// Output after an ordered stop is not streamed.
const endsOutput = new Set([...ended(executionMachine), ExecutionsStopping.name]);
const endsJob = ended(jobMachine);

/**
 * Streams a job's output: with `follow` until the job has ended, else what is stored. Throws Fault; the signal ends it
 * early.
 */
export async function streamLogs(parts: LogsParts, request: LogsRequest, signal: AbortSignal): Promise<void> {
  const chosen = chooseExecutions(request.found.job, request.executionId);
  const { job } = request.found;
  if (chosen.length === 0 && (isOver(job) || !request.follow)) {
    const { id, spec, version } = job.header;
    throw new Fault(
      "EXECUTION_NOT_FOUND",
      `no executions found for job ${spec.name || id} with ID ${id}, and version ${version}`,
    );
  }
  const live = chosen.filter((id) => {
    const execution = executionOf(job, id);
    return request.follow && execution !== undefined && isLive(execution);
  });
  if (!request.tail)
    for (const id of chosen) if (!live.includes(id) && !signal.aborted) await streamStored(parts, job, id);
  const goesOn = request.executionId === undefined ? !isOver(job) : live.length > 0;
  if (request.follow && goesOn && !signal.aborted) await streamLive(parts, { ...request, live }, signal);
}

async function streamStored({ logs, line, room }: LogsParts, job: Job, executionId: string): Promise<void> {
  const { chunk, rest } = lineWriterOf(executionId, { line, isWhole: true });
  let isEmpty = true;
  const take: typeof chunk = (each) => {
    isEmpty = false;
    chunk(each);
  };
  await readOutput(logs, executionId, { chunk: take, room });
  rest();
  const { stdout = "", stderr = "" } = executionOf(job, executionId)?.output ?? {};
  if (isEmpty && stdout + stderr !== "") line({ executionId, stream: "stderr", line: goneMark });
}

const goneMark = "[shoal: the output is no longer stored; shoal job describe shows its beginning]\n";

/** Follows the job's log for executions that begin and end, and the output of each in between. */
async function streamLive(
  parts: LogsParts,
  request: LogsRequest & { readonly live: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  const open = new Map<string, Promise<ExecutionOutput>>();
  let finishing: Promise<unknown> = Promise.resolve();
  const only = request.executionId === undefined ? undefined : request.live[0];
  const writers = new Map<string, LineWriter>();
  /** The last execution of each slot: events about many executions name slots. */
  const latest = new Map([...request.found.job.slots].map(([slot, state]) => [slot, state.latest]));

  const begin = (executionId: string, tail: boolean): void => {
    if (open.has(executionId) || (only !== undefined && executionId !== only)) return;
    const writer = lineWriterOf(executionId, { line: parts.line, isWhole: !tail });
    writers.set(executionId, writer);
    const output = followOutput(parts, { executionId, tail, chunk: writer.chunk, room: parts.room });
    open.set(executionId, output);
    output.catch(over.reject);
  };
  const finish = (executionId: string): void => {
    const output = open.get(executionId);
    if (output === undefined) return;
    const finished = output.then((each) => each.finish()).then(() => writers.get(executionId)?.rest());
    finishing = Promise.all([finishing, finished]);
    finishing.catch(over.reject);
    if (executionId === only) finishing.then(() => over.resolve(), over.reject);
  };
  const deliver = ({ commit }: StoredCommit): void => {
    for (const { type, data } of commit.events) {
      const { executionId = "", slot, slots = [] } = Of.safeParse(data).data ?? {};
      if (type === ExecutionAssigned.name && slot !== undefined) {
        latest.set(slot, executionId);
        begin(executionId, false);
      }
      if (!endsOutput.has(type)) continue;
      for (const id of [executionId, ...slotsIn(slots).map((each) => latest.get(each) ?? "")]) finish(id);
    }
    if (commit.events.some(({ type }) => endsJob.has(type))) finishing.then(() => over.resolve(), over.reject);
  };

  for (const id of request.live) begin(id, request.tail);
  const { job, stored } = request.found;
  const filter = { namespace: job.header.spec.namespace, jobId: job.header.id };
  const following = await parts.log.follow(filter, stored.at(-1)?.seq ?? 0, deliver);
  signal.addEventListener("abort", () => over.resolve(), { once: true });
  if (signal.aborted) over.resolve();
  try {
    await over.promise;
  } finally {
    await following.close();
    for (const output of open.values()) await output.then((each) => each.close()).catch(() => {});
  }
}

const Of = z.object({
  executionId: z.string().optional(),
  slot: z.string().optional(),
  slots: SlotSet.optional(),
});

/**
 * The executions whose output is requested: the one of this id (full, or its beginning), else all. Throws Fault
 * EXECUTION_NOT_FOUND.
 */
function chooseExecutions(job: Job, called: string | undefined): readonly string[] {
  const all = executionsOf(job).map(({ placement }) => placement.executionId);
  if (called === undefined || all.includes(called)) return called === undefined ? all : [called];
  const begun = all.filter((id) => id.startsWith(called));
  if (begun.length === 1) return begun;
  const { id, spec } = job.header;
  const found = begun.length === 0 ? "no execution" : `${begun.length} executions`;
  throw new Fault(
    "EXECUTION_NOT_FOUND",
    `execution not found: ${called} (${found} of job ${spec.name || id} with this prefix)`,
  );
}
