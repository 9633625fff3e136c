import { addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "libs/core/src/schedule/rankers";

/** A ranker of the scheduler. */
export const ranker: PartTemplate = {
  name: "ranker",
  summary: "which of the nodes that fit is better; write its score and its test",
  files: ({ kebab, camel }) => ({
    [`${folder}/${kebab}.ts`]: `import { type Policy, yes } from "../../policy.ts";
import type { RankedCandidate } from "../candidate.ts";

// The least that counts: the other rankers decide first.
const weight = 1;

/** Prefers nodes with the label ${kebab}=yes. */
export const ${camel}: Policy<RankedCandidate> = {
  name: "${kebab}",
  evaluate: ({ info }) => yes(info.labels["${kebab}"] === "yes" ? weight : 0),
};
`,
    [`${folder}/${kebab}.test.ts`]: `import { expect, it } from "vitest";
import { sampleInfo, sampleSpec } from "../../testing/samples.ts";
import { requirementsOf } from "../requirements.ts";
import { ${camel} } from "./${kebab}.ts";

it("prefers nodes with the label", () => {
  const scoreWith = (labels: Readonly<Record<string, string>>) => {
    const info = { ...sampleInfo(), labels };
    const requirements = requirementsOf(sampleSpec()) ?? expect.unreachable("no task");
    return ${camel}.evaluate({ requirements, info, failuresOn: new Map() });
  };
  expect(scoreWith({ "${kebab}": "yes" })).toEqual({ fit: true, score: 1 });
  expect(scoreWith({})).toEqual({ fit: true, score: 0 });
});
`,
  }),
  edits: ({ kebab, camel }) => [
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    { path: `${folder}/index.ts`, change: addItem("export const rankers = [", camel) },
  ],
};
