import { check } from "../demo-failure.ts";
import { countOf, deciderOf, isEnd } from "../job-events.ts";
import { noopSpec } from "../noop-spec.ts";
import type { DemoStep } from "../step.ts";

const count = 4;
const seconds = 3;

/** The requester that owns a job dies while the job runs; the other one takes over, and nothing runs twice. */
export const loseRequester: DemoStep = {
  title: "Kill the requester that owns a job (SIGKILL) while the job runs",
  async run({ client, cluster, reporter, watch }) {
    const { jobId } = await client.submit(noopSpec({ name: "loses-its-requester", count, seconds }));
    const running = await watch.until(
      jobId,
      (events) => countOf(events, "ExecutionStarted") === count,
      "all executions running",
    );
    const started = running.findLast(({ type }) => type === "ExecutionStarted");
    const victim = started === undefined ? "" : deciderOf(started);
    check(
      victim in cluster.facts.pids,
      `the events name "${victim}" as the job's owner, but no process of the cluster has this name`,
    );
    reporter.print(`${victim} owns the job: killing it, process ${cluster.facts.pids[victim]}`);
    const killedAt = performance.now();
    cluster.kill(victim);
    const events = await watch.until(jobId, (all) => all.some(isEnd), "the end of the job");
    const end = events.find(isEnd);
    check(end?.type === "JobCompleted", `the job ended with ${end?.type}`);
    const successor = deciderOf(end);
    check(successor !== victim, `${victim} is dead and cannot have completed the job`);
    check(
      countOf(events, "ExecutionAssigned") === count,
      "an execution was placed again although its node never stopped",
    );
    const takenMs = performance.now() - killedAt;
    reporter.figure("requester killed → job completed", `${(takenMs / 1000).toFixed(1)} s`);
    reporter.passed(
      `completed by ${successor}, ${(takenMs / 1000).toFixed(1)} s after the kill; nothing was lost or run twice`,
    );
  },
};
