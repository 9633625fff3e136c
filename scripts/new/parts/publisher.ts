import { addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "services/compute/src/publishers";
const paramsFolder = "libs/proto/src/params/publishers";

/** A publisher of results. */
export const publisher: PartTemplate = {
  name: "publisher",
  summary: "takes results out; write its params and where it takes them, and how its contract fetches them",
  files: ({ kebab, camel, pascal }) => ({
    [`${paramsFolder}/${kebab}.ts`]: `import { z } from "zod";

/** The params of the publisher ${kebab}: none. */
export const ${pascal}PublisherParams = z.strictObject({}).meta({
  description: "Stores an archive of the results in a folder of the node.",
  example: { Engine: { Type: "noop" }, Publisher: { Type: "${kebab}" } },
});
`,
    [`${folder}/${kebab}.ts`]: `import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { causeOf, Fault } from "@shoal/core";
import { publisherParams } from "@shoal/proto";
import { archive } from "./archive/archive.ts";
import type { Publisher } from "./publisher.ts";

/** Keeps an archive of each execution's results in a folder of the node. */
export function ${camel}(target: { readonly folder: string; readonly limitBytes: number }): Publisher {
  const { limitBytes } = target;
  return {
    name: "${kebab}",
    params: publisherParams["${kebab}"],
    unavailable: async () => undefined,
    publish: async ({ executionId, folder, signal }) => {
      const path = join(target.folder, \`\${executionId}.tar.gz\`);
      try {
        await mkdir(target.folder, { recursive: true });
        await pipeline(archive(folder, { limitBytes, signal }), createWriteStream(path), { signal });
      } catch (failure) {
        if (failure instanceof Fault) throw failure;
        throw new Fault("PUBLISH_FAILED", \`the results were not written to \${path}: \${causeOf(failure).why}\`, { cause: failure });
      }
      return { type: "${kebab}", params: { Path: path } };
    },
    close: async () => {},
  };
}
`,
    [`${folder}/${kebab}.contract.test.ts`]: `import { readFile } from "node:fs/promises";
import { publisherContract } from "./contract.ts";
import { ${camel} } from "./${kebab}.ts";
import { unpack } from "./testing/unpack.ts";

publisherContract("${kebab}", {
  // 10 MB: more than the contract publishes.
  publisher: (folder) => ${camel}({ folder, limitBytes: 10_000_000 }),
  fetch: async ({ params }) => unpack(await readFile(String(params["Path"]))),
});
`,
  }),
  edits: ({ kebab, camel, pascal }) => [
    {
      path: `${paramsFolder}/index.ts`,
      change: addImport(`import { ${pascal}PublisherParams } from "./${kebab}.ts";`),
    },
    {
      path: `${paramsFolder}/index.ts`,
      change: addItem("publisherParams = {", `"${kebab}": ${pascal}PublisherParams`),
    },
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    {
      path: `${folder}/index.ts`,
      change: addItem(
        `>("publisher", {`,
        `"${kebab}": ({ limitBytes, local: { folder } }) => ${camel}({ folder, limitBytes })`,
      ),
    },
  ],
};
