import { jobTypes } from "@shoal/core";
import { JobSpec, wireName } from "@shoal/proto";
import { fieldsOf } from "../fields.ts";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

/** Every field of a job spec. */
export const jobSpecPage: ReferencePage = {
  file: "job-spec.md",
  title: "Job spec",
  summary: "every field of a job, its type and its default",
  from: "libs/proto/src/job/spec.ts",
  body: () => {
    const rows = fieldsOf(JobSpec, "nested").map(({ path, type, required, fallback, limits, summary }) => [
      code(path.replaceAll(/\w+/g, wireName)),
      type,
      required ? "yes" : "",
      fallback === "" ? "" : code(fallback),
      limits,
      summary,
    ]);
    const wire = [
      "Names are read in any case. `[]` is each element of a list.",
      "The params are on the pages of [engines](engines.md), [sources](sources.md) and [publishers](publishers.md).",
      `A requester of this version supports the job types ${jobTypes.names.map(code).join(", ")}.`,
    ].join("\n");
    return `${wire}\n\n${table(["field", "type", "required", "default", "limits", "means"], rows)}`;
  },
};
