import type { ReferencePage } from "../page.ts";
import { partSections, partsOfNode } from "../part-pages.ts";

const intro =
  "`Engine` of a task names an engine and its params. A node bids only for jobs whose engine it offers; `engines.disabled` disables engines of a node. Names and params are read in any case; unknown params are refused, at submission.";

/** Every engine and its params. */
export const enginesPage: ReferencePage = {
  file: "engines.md",
  title: "Engines",
  summary: "every engine, its params and an example job",
  from: "libs/proto/src/params/engines/",
  body: () => [intro, partSections(partsOfNode().engines)].join("\n\n"),
};
