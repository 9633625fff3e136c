import { causeOf, type OutgoingReport } from "@shoal/core";
import { type ErrorCode, errors, type Report, type RunOutput } from "@shoal/proto";
import type { Ended } from "../journal/journal.ts";
import type { Capture } from "./capture.ts";
import type { Run } from "./run.ts";

type Observation = Report["saw"];

// Limit of a report's reason, in characters.
const whyCharsMax = 4_096;

/** Creates a report of this run, now, under a number that no earlier report of it has. */
export function reportOf(run: Run, saw: Observation): Report {
  run.number += 1;
  const preparation = run.progress?.shown(saw.kind === "preparing");
  const base = { at: run.ports.clock.now(), namespace: run.assignment.namespace, number: run.number, saw };
  return preparation === undefined ? base : { ...base, preparation };
}

/** A failure, with the task's output before it. */
export function failedReport(
  run: Run,
  cause: { readonly code: ErrorCode; readonly why: string },
  output?: RunOutput,
): Report {
  return reportOf(run, {
    kind: "failed",
    code: cause.code,
    why: cause.why.slice(0, whyCharsMax),
    final: !errors[cause.code].retry,
    ...(output === undefined ? {} : { output }),
  });
}

/** Converts any thrown value to a failure. A failure without a code is a bug: its details go to the operator's log. */
export function thrownReport(run: Run, thrown: unknown): Report {
  const cause = causeOf(thrown);
  if (cause.code === "INTERNAL") {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    run.ports.logger.warn(
      {
        executionId: run.assignment.executionId,
        why: cause.why,
        stack,
      },
      "an execution failed because of a bug",
    );
  }
  return failedReport(run, cause);
}

/** Addresses a report. */
export function outgoing({ assignment }: Run, report: Report): OutgoingReport {
  return { jobId: assignment.jobId, executionId: assignment.executionId, report };
}

/** What is stored of an ended workload. */
export function endedOf(
  startedAt: number,
  exitCode: number,
  { capture, errorMsg }: { capture: Capture; errorMsg: string },
): Ended {
  const [stdout, stderr] = [capture.head("stdout"), capture.head("stderr")];
  return {
    startedAt,
    exitCode,
    output: {
      stdout: stdout.text,
      stdoutTruncated: stdout.truncated,
      stderr: stderr.text,
      stderrTruncated: stderr.truncated,
      exitCode,
      errorMsg: errorMsg.slice(0, whyCharsMax),
    },
  };
}
