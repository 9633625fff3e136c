import { addBehind, addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "libs/core/src/schedule/filters";

/** A filter of the scheduler. */
export const filter: PartTemplate = {
  name: "filter",
  summary: "which nodes fit a job at all; write its condition and its samples in filters.contract.test.ts",
  files: ({ kebab, camel }) => ({
    [`${folder}/${kebab}.ts`]: `import { no, type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";

/** The node does not exclude itself by the label ${kebab}=no. */
export const ${camel}: Policy<Candidate> = {
  name: "${kebab}",
  evaluate: ({ info }) => (info.labels["${kebab}"] === "no" ? no("the node's label ${kebab} is no") : yes()),
};
`,
  }),
  edits: ({ kebab, camel }) => [
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    { path: `${folder}/index.ts`, change: addItem("export const filters = [", camel) },
    {
      path: `${folder}/filters.contract.test.ts`,
      change: addBehind(
        "const samples: Readonly<Record<string, FilterSamples>> = {",
        `"${kebab}": { good: [candidate({})], bad: [{ ...candidate({}), info: { ...info, labels: { "${kebab}": "no" } } }] },`,
      ),
    },
  ],
};
