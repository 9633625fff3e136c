import { addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "apps/cli/src/commands";

/** A command of `shoal`. */
export const command: PartTemplate = {
  name: "command",
  summary: "a command of shoal; write what it does, and move it to the folder of its noun if it has one",
  files: ({ kebab, camel }) => ({
    [`${folder}/${kebab}.ts`]: `import type { CommandPart } from "../command.ts";

/** Prints which requesters are used. */
export const ${camel}: CommandPart = {
  async run({ context }) {
    context.terminal.out(\`\${context.endpoints().join("\\n")}\\n\`);
    return 0;
  },
};
`,
    [`${folder}/${kebab}.test.ts`]: `import { expect, it } from "vitest";
import { runCli } from "../run-cli.ts";

it("prints the requesters", async () => {
  let printed = "";
  const out = (text: string) => {
    printed += text;
  };
  const terminal = { out, err: () => {}, colours: false, isPerson: false };
  expect(await runCli(["${kebab}", "--api-host", "requester.example"], { terminal, env: {} })).toBe(0);
  expect(printed).toContain("requester.example");
});
`,
  }),
  edits: ({ kebab, camel }) => [
    {
      path: `${folder}/index.ts`,
      change: addItem(
        "export const commands: readonly CommandRow[] = [",
        `{ name: "${kebab}", summary: "print which requesters are used", load: async () => (await import("./${kebab}.ts")).${camel} }`,
      ),
    },
  ],
};
