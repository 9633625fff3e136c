import { addAtEnd, addBehind } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "services/requester/src";

/** A setting of the requester. */
export const setting: PartTemplate = {
  name: "setting",
  summary:
    "a setting of the requester; write its unit, limits, default and sentence, and hand it on in assemble.ts (for a node: config.ts and open-host.ts of the compute service)",
  files: () => ({}),
  edits: ({ kebab, camel, constant }) => [
    {
      path: `${folder}/config.ts`,
      change: addBehind(
        "export const RequesterConfig = z\n  .object({\n",
        `    ${camel}: count(0, 1_000).default(0).describe("limit of ${kebab}; 0 means no limit"),\n`,
      ),
    },
    {
      path: `${folder}/config.test.ts`,
      change: addAtEnd(`
it("${camel} is 0 by default, and at most 1000", () => {
  const read = (env: Readonly<Record<string, string>>) => readConfig(RequesterConfig, { env, flags: {} }).${camel};
  expect([read({}), read({ SHOAL_${constant}: "1000" })]).toEqual([0, 1_000]);
  expect(() => read({ SHOAL_${constant}: "1001" })).toThrow(/${camel}/);
});
`),
    },
  ],
};
