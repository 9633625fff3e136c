import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { routeOf } from "@shoal/client";
import { type ApiRoute, openApiDocument, readQuery } from "@shoal/proto";
import { fastify } from "fastify";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { mountRoutes } from "../../services/requester/src/http/mount-routes.ts";
import type { RouteHandler } from "../../services/requester/src/http/route-handler.ts";

const root = new URL("../../", import.meta.url);
const recipe = readFileSync(new URL("docs/recipes/add-a-route-or-command.md", root), "utf8");
const blocks = [...recipe.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code.replaceAll(/^ {3}/gm, ""));
const folder = mkdtempSync(join(tmpdir(), "recipe-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A part in the recipe's text, as a file of `home`. */
async function partOf(block: number, home: string, swaps: Readonly<Record<string, string>>): Promise<unknown> {
  const file = join(folder, `${block}.ts`);
  const at = (path: string) => new URL(path, new URL(home, root)).href;
  const swapped = Object.entries(swaps).reduce(
    (code, [from, to]) => code.replaceAll(`"${from}"`, `"${to}"`),
    blocks[block] ?? "",
  );
  writeFileSync(
    file,
    swapped.replaceAll(/"(\.\.?\/[^"]+)"/g, (_, path) => `"${at(path)}"`),
  );
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href);
  return z.object({ jobSummary: z.unknown() }).parse(module).jobSummary;
}

const zod = import.meta.resolve("zod");
const row = (await partOf(0, "libs/proto/src/api/routes/", { zod })) as ApiRoute;
const table = join(folder, "table.ts");
writeFileSync(table, `export { jobSummary } from "./0.ts";\nexport * as apiRoutes from "./0.ts";\n`);
const handler = (await partOf(1, "services/requester/src/http/routes/", {
  "@shoal/proto": pathToFileURL(table).href,
})) as RouteHandler;

describe("the route of the recipe", () => {
  it("is mounted by its handler", async () => {
    const app = fastify();
    mountRoutes(app, {} as Parameters<typeof mountRoutes>[1], { routes: [row], mounted: [handler] });
    expect(app.hasRoute({ method: "GET", url: row.path })).toBe(true);
  });
  it("has the client call of the recipe, and reads its query", () => {
    const { path } = routeOf(row, { id: "j 1", allVersions: true } as never);
    expect(path).toBe("/api/v1/orchestrator/jobs/j%201/summary?all_versions=true");
    expect(readQuery(row.query, { all_versions: "true" })).toEqual({ ok: true, value: { allVersions: true } });
  });
  it("is in the OpenAPI document, with its wire names", () => {
    expect(openApiDocument([row])).toHaveProperty(
      ["paths", "/api/v1/orchestrator/jobs/{id}/summary", "get", "responses", "200", "content"],
      expect.objectContaining({
        "application/json": { schema: expect.objectContaining({ required: ["JobID", "Counts"] }) },
      }),
    );
  });
  it("names existing files", () => {
    const named = [...recipe.matchAll(/`((?:libs|services|apps|docs)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
    expect(named).not.toEqual([]);
    expect(named.filter((path) => !existsSync(fileURLToPath(new URL(path, root))))).toEqual([]);
  });
});
