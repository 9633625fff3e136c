import { addBehind, addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "services/compute/src/bidder/policies";

/** A policy by which a node bids. */
export const bidPolicy: PartTemplate = {
  name: "bid-policy",
  summary: "which asks a node refuses, whatever room it has; write its condition and its samples in policies.test.ts",
  files: ({ kebab, camel }) => ({
    [`${folder}/${kebab}.ts`]: `import { no, yes } from "@shoal/core";
import type { BidPolicy, BidContext } from "./policy.ts";

/** A node with the label ${kebab}=no takes no task whose job constrains it. */
export const ${camel} = ({ labels }: BidContext): BidPolicy => ({
  name: "${kebab}",
  evaluate: ({ requirements: { constraints } }) =>
    labels["${kebab}"] !== "yes" && constraints.some(({ key }) => key === "${kebab}")
      ? no("the label ${kebab} of this node is not yes")
      : yes(),
});
`,
  }),
  edits: ({ kebab, camel }) => [
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    { path: `${folder}/index.ts`, change: addItem("const parts = [", camel) },
    {
      path: `${folder}/policies.test.ts`,
      change: addBehind(
        "const samples: Readonly<Record<string, PolicySamples>> = {",
        `"${kebab}": { good: [askOf()], bad: { "${kebab}": askOf({ constraints: [{ key: "${kebab}", operator: "!", values: [] }] }) } },`,
      ),
    },
  ],
};
