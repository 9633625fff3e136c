import { addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const table = "libs/proto/src/api/routes";
const handlers = "services/requester/src/http/routes";

/** A route of the HTTP API: its row in the table, and its handler. */
export const route: PartTemplate = {
  name: "route",
  summary: "a route of the HTTP API; write its path, query and answer in its row, and what its handler returns",
  files: ({ kebab, camel }) => ({
    [`${table}/${kebab}.ts`]: `import { z } from "zod";
import { defineRoute } from "../route.ts";

export const ${camel} = defineRoute({
  name: "${camel}",
  methods: ["GET"],
  path: "/api/v1/agent/${kebab}",
  summary: "Returns the id of the requester that serves the request.",
  query: z.object({}),
  answer: z.object({ requesterId: z.string() }),
});
`,
    [`${handlers}/${kebab}.ts`]: `import { apiRoutes } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

export const ${camel} = defineHandler(apiRoutes.${camel}, (_, { requesterId }) => ({ requesterId }));
`,
    [`services/requester/src/http/${kebab}.test.ts`]: `import { afterEach, beforeEach, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

it("returns the id of the requester", async () => {
  const response = await harness.app.inject({ url: "/api/v1/agent/${kebab}" });
  expect([response.statusCode, response.json()]).toEqual([200, { RequesterID: "r-bench" }]);
});
`,
  }),
  edits: ({ kebab, camel }) => [
    { path: `${table}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    { path: `${table}/index.ts`, change: addItem("export const apiRoutes = {", camel) },
    { path: `${handlers}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    { path: `${handlers}/index.ts`, change: addItem("export const handlers = [", camel) },
  ],
};
