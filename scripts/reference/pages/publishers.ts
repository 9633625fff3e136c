import type { ReferencePage } from "../page.ts";
import { partSections, partsOfNode } from "../part-pages.ts";

const intro =
  "`Publisher` of a task names a publisher and its params. The archive has `stdout`, `stderr`, `exitCode`, and a folder for each of `ResultPaths`. A node bids only for jobs whose publisher it offers; `publishers.disabled` disables publishers of a node. Names and params are read in any case; unknown params are refused, at submission.";

/** Every publisher and its params. */
export const publishersPage: ReferencePage = {
  file: "publishers.md",
  title: "Publishers",
  summary: "every publisher of results, its params and an example job",
  from: "libs/proto/src/params/publishers/",
  body: () => [intro, partSections(partsOfNode().publishers)].join("\n\n"),
};
