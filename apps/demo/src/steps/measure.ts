import type { FeedEvent } from "@shoal/client";
import type { DemoContext } from "../demo-context.ts";
import { check } from "../demo-failure.ts";
import { countOf, isEnd } from "../job-events.ts";
import { noopSpec } from "../noop-spec.ts";
import type { DemoStep } from "../step.ts";

// Enough for a median; in sequence they take about a second.
const jobs = 30;
// Enough for some thousand events in the log, for the replay at the end.
const batch = 1000;

/** The latency of no-op jobs, one after the other, on an idle cluster. */
export const measure: DemoStep = {
  title: `Measure: ${jobs} no-op jobs, one after the other, and one of ${batch} partitions`,
  async run(context) {
    const running: number[] = [];
    const completed: number[] = [];
    const goOn = context.reporter.mute();
    for (let index = 0; index < jobs; index++) {
      const { events, submittedAt, seenAt } = await runOne(context, index);
      running.push((seenAt.get("ExecutionStarted") ?? Number.NaN) - submittedAt);
      completed.push((seenAt.get("JobCompleted") ?? Number.NaN) - submittedAt);
      check(!events.some(({ type }) => type === "JobFailed"), "a no-op job failed");
    }
    const perSecond = await runBatch(context);
    goOn();
    const { reporter } = context;
    reporter.figure("submit → running, p50", inMs(median(running)));
    reporter.figure("submit → completed, p50", inMs(median(completed)));
    reporter.figure("executions completed per second", `${Math.round(perSecond)}`);
    reporter.passed(`${jobs} jobs completed, half of them within ${inMs(median(completed))} as a client sees it`);
  },
};

/** Runs one job of many partitions. Resolves with the completions per second since its submission. */
async function runBatch({ client, watch }: DemoContext): Promise<number> {
  const submittedAt = performance.now();
  const { jobId } = await client.submit(noopSpec({ name: "many-nothings", count: batch }));
  const events = await watch.until(jobId, (all) => all.some(isEnd), "the end of a large batch");
  check(countOf(events, "ExecutionCompleted") === batch, `expected ${batch} completed partitions`);
  return (batch * 1000) / (performance.now() - submittedAt);
}

interface MeasuredRun {
  readonly events: readonly FeedEvent[];
  readonly submittedAt: number;
  /** When the first event of a type reached this client. */
  readonly seenAt: ReadonlyMap<string, number>;
}

async function runOne({ client, watch, folder }: DemoContext, index: number): Promise<MeasuredRun> {
  const submittedAt = performance.now();
  const { jobId } = await client.submit(noopSpec({ name: `nothing-${index}-${folder.slice(-6)}` }));
  const seenAt = new Map<string, number>();
  const events = await watch.until(
    jobId,
    (all) => {
      for (const { type } of all) if (!seenAt.has(type)) seenAt.set(type, performance.now());
      return seenAt.has("JobCompleted") || seenAt.has("JobFailed");
    },
    "the end of a no-op job",
  );
  return { events, submittedAt, seenAt };
}

const inMs = (ms: number): string => `${ms.toFixed(1)} ms`;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
