import { JobSpec, wireName } from "@shoal/proto";
import { fieldsOf } from "../fields.ts";
import { code, table } from "../markdown.ts";
import type { Page } from "../page.ts";

/** Every field of a job spec. */
export const jobSpecPage: Page = {
  file: "job-spec.md",
  title: "Job spec",
  says: "every field of a job, its type and its default",
  from: "libs/proto/src/job/spec.ts",
  body: () => {
    const rows = fieldsOf(JobSpec, "nested").map(({ path, type, required, fallback, says }) => [
      code(path.replaceAll(/\w+/g, wireName)),
      type,
      required ? "yes" : "",
      fallback === "" ? "" : code(fallback),
      says,
    ]);
    const wire = "Names are read in any case. `[]` stands for each element of a list.";
    return `${wire}\n\n${table(["field", "type", "required", "default", "means"], rows)}`;
  },
};
