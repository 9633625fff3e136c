import { Fault } from "@shoal/core";
import { type Report, readParams, type SpecConfig } from "@shoal/proto";
import type { Ended } from "../../journal/journal.ts";
import { deadline } from "../deadline.ts";
import { outgoing, reportOf, thrownReport } from "../reports.ts";
import { retrying } from "../retrying.ts";
import { journalled, type Run, resultsFolderOf } from "../run.ts";
import type { Seen, SeenOf } from "../seen.ts";

/** Takes the results out, where the task names a publisher. The exit is written down first: it is never run again for them. */
export async function publish(run: Run, { ended }: SeenOf<"exited">): Promise<Seen> {
  const { ports, assignment } = run;
  const { task } = assignment;
  if (task.publisher.type === "") return { state: "published", report: completedReport(run, ended) };
  await ports.journal.write({ phase: "exited", ...journalled(run), ended });
  ports.say(outgoing(run, reportOf(run, { kind: "publishing", startedAt: ended.startedAt })));
  try {
    const result = await takeOut(run, ended);
    return { state: "published", report: completedReport(run, ended, result) };
  } catch (failure) {
    if (run.stopped.aborted) return { state: "exited", ended };
    const report = thrownReport(run, failure);
    if (report.saw.kind !== "failed") return { state: "published", report };
    return { state: "published", report: { ...report, saw: { ...report.saw, output: ended.output } } };
  }
}

function completedReport(run: Run, { startedAt, output }: Ended, result?: SpecConfig): Report {
  return reportOf(run, { kind: "completed", startedAt, output, ...(result === undefined ? {} : { result }) });
}

async function takeOut(run: Run, ended: Ended): Promise<SpecConfig> {
  const { ports, assignment } = run;
  const { executionId, jobId, namespace, nodeId, task } = assignment;
  const publisher = ports.publishers.get(task.publisher.type);
  const params = readParams(publisher.params, task.publisher.params);
  if (!params.ok) throw new Fault("TASK_INVALID", `publisher ${publisher.name}: ${params.problems.join("; ")}`);
  const folder = resultsFolderOf(run);
  await ports.workspace.write(`${folder}/exitCode`, String(ended.exitCode));
  const ms = ports.limits.publishMs;
  const limit = deadline(ports.clock, { ms, stopped: run.stopped, what: "publishing", code: "PUBLISH_FAILED" });
  try {
    return await retrying(ports, limit.signal, () =>
      publisher.publish({ executionId, jobId, namespace, nodeId, params: params.value, folder, signal: limit.signal }),
    );
  } catch (failure) {
    throw limit.why() ?? failure;
  } finally {
    limit.cancel();
  }
}
