import { addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "services/compute/src/sources";
const paramsFolder = "libs/proto/src/params/sources";

/** A source of inputs. */
export const source: PartTemplate = {
  name: "source",
  summary: "brings one input in; write its params and its fetch, and the makers of its contract",
  files: ({ kebab, camel, pascal }) => ({
    [`${paramsFolder}/${kebab}.ts`]: `import { z } from "zod";

/** The params of the source ${kebab}; the keys are the wire names. */
export const ${pascal}SourceParams = z.strictObject({
  Base64: z.base64().describe("the bytes of the file, in base64"),
}).meta({
  description: "Brings in a file whose bytes are in the job spec.",
  example: {
    Engine: { Type: "noop" },
    InputSources: [{ Source: { Type: "${kebab}", Params: { Base64: "aGVsbG8=" } }, Target: "/in" }],
  },
});
`,
    [`${folder}/${kebab}.ts`]: `import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@shoal/core";
import { sourceParams } from "@shoal/proto";
import { diskFault, isDiskFull } from "../disk-fault.ts";
import type { Source } from "./source.ts";

const params = sourceParams["${kebab}"];

/** Brings in a file whose bytes are in the job spec. */
export function ${camel}(): Source {
  return {
    name: "${kebab}",
    params,
    unavailable: async () => undefined,
    refuses: async () => undefined,
    fetch: async ({ folder, room, signal, ...request }) => {
      const bytes = Buffer.from(params.parse(request.params).Base64, "base64");
      if (signal.aborted) throw new Fault("STOPPED", "the input was no longer needed");
      room.take(bytes.length);
      const hostPath = join(folder, "content");
      try {
        await writeFile(hostPath, bytes, { signal, flag: "wx" });
      } catch (failure) {
        throw isDiskFull(failure) ? diskFault(folder, failure) : failure;
      }
      return { hostPath, readOnly: true, sizeBytes: bytes.length };
    },
    close: async () => {},
  };
}
`,
    [`${folder}/${kebab}.contract.test.ts`]: `import { sourceContract } from "./contract.ts";
import { ${camel} } from "./${kebab}.ts";

sourceContract("${kebab}", {
  source: ${camel},
  makers: {
    file: async (bytes) => ({ Base64: bytes.toString("base64") }),
    invalid: () => ({ Base64: "not base64" }),
  },
  copies: true,
});
`,
  }),
  edits: ({ kebab, camel, pascal }) => [
    { path: `${paramsFolder}/index.ts`, change: addImport(`import { ${pascal}SourceParams } from "./${kebab}.ts";`) },
    { path: `${paramsFolder}/index.ts`, change: addItem("sourceParams = {", `"${kebab}": ${pascal}SourceParams`) },
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    { path: `${folder}/index.ts`, change: addItem(`>("source", {`, kebab === camel ? camel : `"${kebab}": ${camel}`) },
  ],
};
