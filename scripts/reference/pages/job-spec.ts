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
    const rows = fieldsOf(JobSpec, "nested").map(({ path, type, required, fallback, summary }) => [
      code(path.replaceAll(/\w+/g, wireName)),
      type,
      required ? "yes" : "",
      fallback === "" ? "" : code(fallback),
      summary,
    ]);
    const wire = "Names are read in any case. `[]` stands for each element of a list.";
    return `${wire}\n\n${table(["field", "type", "required", "default", "means"], rows)}`;
  },
};
