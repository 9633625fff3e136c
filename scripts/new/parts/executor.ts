import { addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "services/compute/src/executors";

/** An executor of tasks. */
export const executor: PartTemplate = {
  name: "executor",
  summary: "runs tasks on a node; write its params, start, attach and sweep, and the makers of its contract",
  files: ({ kebab, camel }) => ({
    [`${folder}/${kebab}.ts`]: `import { z } from "zod";
import type { Executor } from "./executor.ts";

const Params = z.strictObject({
  // 255: an exit code is one byte.
  ExitCode: z.int().min(0).max(255).default(0).describe("the exit code it ends with"),
}).meta({
  description: "Ends at once with the exit code of its params.",
  example: { Engine: { Type: "${kebab}", Params: { ExitCode: 3 } } },
});

/** Ends at once with the exit code of its params, and leaves nothing behind. */
export function ${camel}(): Executor {
  return {
    name: "${kebab}",
    params: Params,
    needsFolder: false,
    unavailable: async () => undefined,
    start: async ({ params }) => ({
      exit: Promise.resolve({ exitCode: Params.parse(params).ExitCode }),
      halt: async () => {},
    }),
    attach: async () => undefined,
    sweep: async () => {},
    close: async () => {},
  };
}
`,
    [`${folder}/${kebab}.contract.test.ts`]: `import { executorContract } from "./contract.ts";
import { ${camel} } from "./${kebab}.ts";

executorContract("${kebab}", {
  executor: ${camel},
  makers: { exits: (ExitCode) => ({ params: { ExitCode } }) },
});
`,
  }),
  edits: ({ kebab, camel }) => [
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    {
      path: `${folder}/index.ts`,
      change: addItem(`>("executor", {`, kebab === camel ? camel : `"${kebab}": ${camel}`),
    },
  ],
};
