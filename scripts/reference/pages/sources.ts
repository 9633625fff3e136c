import type { ReferencePage } from "../page.ts";
import { partSections, partsOfNode } from "../part-pages.ts";

const intro =
  "Each entry of `InputSources` names a source with its params, and the `Target` at which the task sees the input. A node bids only for jobs whose sources it offers; `sources.disabled` disables sources of a node. Names and params are read in any case; unknown params are refused, at submission.";

/** Every source and its params. */
export const sourcesPage: ReferencePage = {
  file: "sources.md",
  title: "Sources",
  summary: "every source of inputs, its params and an example job",
  from: "libs/proto/src/params/sources/",
  body: () => [intro, partSections(partsOfNode().sources)].join("\n\n"),
};
