import { Fault, requested } from "@shoal/core";
import { apiRoutes, JobSpec, toWire } from "@shoal/proto";
import { diffLines } from "diff";
import { findJob } from "../../reads/find-job.ts";
import { readSubmission } from "../../wire/submission.ts";
import { defineHandler } from "../route-handler.ts";

export const diffJob = defineHandler(apiRoutes.diffJob, async ({ body, query, position }, context) => {
  const { spec, warnings } = readSubmission(body, query.namespace ?? "");
  if (spec.name === "")
    throw new Fault("INVALID_SPEC", "expected a job with a Name: it is compared with the job of that name");
  const { job } = await findJob(context, spec.name, { namespace: spec.namespace, position });
  return { diff: diffOf(job.header.spec, context.commands.withDefaults(spec)), warnings: [...warnings] };
});

/** The lines that differ, with + and -, each part after the lines of unchanged text around it. */
function diffOf(before: JobSpec, after: JobSpec): string {
  const parts = diffLines(text(before), text(after));
  if (parts.every(({ added, removed }) => !added && !removed)) return "";
  return parts.map(({ added, removed, value }) => marked(value, added ? "+" : removed ? "-" : " ")).join("");
}

const marked = (value: string, mark: string): string => value.replaceAll(/^/gm, `${mark} `).replace(/. $/, "");

const text = (spec: JobSpec): string => `${JSON.stringify(toWire(JobSpec, requested(spec)), null, 2)}\n`;
