import { causeOf, Fault } from "@shoal/core";
import { type Report, readParams, type SpecConfig } from "@shoal/proto";
import type { Ended } from "../../journal/journal.ts";
import { breakOff } from "../break-off.ts";
import { deadline } from "../deadline.ts";
import { outgoing, reportOf, thrownReport } from "../reports.ts";
import { patience, retrying } from "../retrying.ts";
import { type Run, record, resultsFolderOf, runtimeOf } from "../run.ts";
import type { RunState, RunStateOf } from "../run-state.ts";

/**
 * Publishes the results, where the task names a publisher. The exit is journalled first, so the task never runs again
 * for its results.
 */
export async function publish(run: Run, { ended }: RunStateOf<"exited">): Promise<RunState> {
  const { task } = run.assignment;
  if (task.publisher.type === "") return { state: "published", report: completedReport(run, ended) };
  await reportPublishing(run, ended);
  try {
    const result = await takeOut(run, ended);
    return { state: "published", report: completedReport(run, ended, result) };
  } catch (failure) {
    if (run.stopped.aborted) return { state: "exited", ended };
    const report = thrownReport(run, await keepResults(run, failure));
    if (report.saw.kind !== "failed") return { state: "published", report };
    return { state: "published", report: { ...report, saw: { ...report.saw, output: ended.output } } };
  }
}

/** Moves the results to where they are kept, and returns the failure with their place. */
async function keepResults(run: Run, failure: unknown): Promise<unknown> {
  const { ports, assignment } = run;
  const { executionId, nodeId } = assignment;
  try {
    const unpublished = await ports.unpublished?.keep(executionId, resultsFolderOf(run));
    if (unpublished === undefined || !(failure instanceof Fault)) return failure;
    const until = new Date(unpublished.untilAt).toISOString();
    const why = `${failure.why}; the results are kept on node ${nodeId} in ${unpublished.path} until ${until}`;
    return new Fault(failure.code, why, { cause: failure });
  } catch (problem) {
    ports.logger.warn({ executionId, ...causeOf(problem) }, "keeping unpublished results failed");
    return failure;
  }
}

/** Reports `publishing` once, over all processes of the node. */
async function reportPublishing(run: Run, ended: Ended): Promise<void> {
  const { ports, reported } = run;
  if (reported?.saw.kind === "publishing") {
    ports.outbox.repeat(outgoing(run, reported));
    return;
  }
  const report = reportOf(run, { kind: "publishing", startedAt: ended.startedAt, ...runtimeOf(run) });
  await record(run, { phase: "exited", ended }, report);
  ports.outbox.send(outgoing(run, report));
}

function completedReport(run: Run, { startedAt, output }: Ended, result?: SpecConfig): Report {
  const facts = { startedAt, output, ...runtimeOf(run) };
  return reportOf(run, { kind: "completed", ...facts, ...(result === undefined ? {} : { result }) });
}

async function takeOut(run: Run, ended: Ended): Promise<SpecConfig> {
  const { ports, assignment } = run;
  const { executionId, jobId, namespace, nodeId, task } = assignment;
  const publisher = ports.publishers.get(task.publisher.type);
  const params = readParams(publisher.params, task.publisher.params);
  if (!params.ok) throw new Fault("TASK_INVALID", `publisher ${publisher.name}: ${params.problems.join("; ")}`);
  const folder = resultsFolderOf(run);
  await ports.workspace.write(`${folder}/exitCode`, String(ended.exitCode));
  const ms = Math.min(assignment.publishTimeoutMs || Number.POSITIVE_INFINITY, ports.limits.publishMs);
  const limit = deadline(ports.clock, { ms, stopped: run.stopped, what: "publishing", code: "PUBLISH_TIMED_OUT" });
  const { signal } = limit;
  const results = { executionId, jobId, namespace, nodeId, params: params.value, folder, signal };
  try {
    return await breakOff(
      ports.clock,
      signal,
      retrying({ ...ports, ...patience.results, signal }, () => publisher.publish(results)),
    );
  } catch (failure) {
    throw limit.why() ?? failure;
  } finally {
    limit.cancel();
  }
}
