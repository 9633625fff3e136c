import { addBehind, addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "scripts/tidy/rules";

/** A rule of tidy. */
export const rule: PartTemplate = {
  name: "rule",
  summary: "a rule of tidy; write what it finds, and its samples in rules.test.ts",
  files: ({ kebab, camel }) => ({
    [`${folder}/${kebab}.ts`]: `import type { Rule } from "../rule.ts";

/** No file is called ${kebab}. */
export const ${camel}Rule: Rule = {
  name: "${kebab}",
  summary: "no file is called ${kebab}",
  *check(tree) {
    for (const path of tree.paths) {
      if (/(?:^|\\/)${kebab}$/.test(path)) yield { path, line: 1, why: "is called ${kebab}: choose another name" };
    }
  },
};
`,
  }),
  edits: ({ kebab, camel }) => [
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel}Rule } from "./${kebab}.ts";`) },
    { path: `${folder}/index.ts`, change: addItem("export const rules: readonly Rule[] = [", `${camel}Rule`) },
    {
      path: `${folder}/rules.test.ts`,
      change: addBehind(
        "const samples: Readonly<Record<string, Readonly<Record<string, Sample>>>> = {",
        `"${kebab}": {
    "the name": { finds: "is called ${kebab}", files: { "libs/core/${kebab}": "" } },
    "another name": { files: { "libs/core/a": "" } },
  },`,
      ),
    },
  ],
};
