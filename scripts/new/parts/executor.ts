import { addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "services/compute/src/executors";
const paramsFolder = "libs/proto/src/params/engines";

/** An executor of tasks. */
export const executor: PartTemplate = {
  name: "executor",
  summary: "runs tasks on a node; write its params, start, attach and sweep, and the makers of its contract",
  files: ({ kebab, camel, pascal }) => ({
    [`${paramsFolder}/${kebab}.ts`]: `import { z } from "zod";

/** The params of the engine ${kebab}; the keys are the wire names. */
export const ${pascal}EngineParams = z.strictObject({
  // 255: an exit code is one byte.
  ExitCode: z.int().min(0).max(255).default(0).describe("the exit code it ends with"),
}).meta({
  description: "Ends at once with the exit code of its params.",
  example: { Engine: { Type: "${kebab}", Params: { ExitCode: 3 } } },
});
`,
    [`${folder}/${kebab}.ts`]: `import { engineParams } from "@shoal/proto";
import type { Executor } from "./executor.ts";

const params = engineParams["${kebab}"];

/** Ends at once with the exit code of its params, and leaves nothing behind. */
export function ${camel}(): Executor {
  return {
    name: "${kebab}",
    params,
    needsFolder: false,
    unavailable: async () => undefined,
    start: async (work) => ({
      exit: Promise.resolve({ exitCode: params.parse(work.params).ExitCode }),
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
  edits: ({ kebab, camel, pascal }) => [
    { path: `${paramsFolder}/index.ts`, change: addImport(`import { ${pascal}EngineParams } from "./${kebab}.ts";`) },
    { path: `${paramsFolder}/index.ts`, change: addItem("engineParams = {", `"${kebab}": ${pascal}EngineParams`) },
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    {
      path: `${folder}/index.ts`,
      change: addItem(`>("executor", {`, kebab === camel ? camel : `"${kebab}": ${camel}`),
    },
  ],
};
