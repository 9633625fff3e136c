import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { writeLog } from "../golden/corpus.ts";
import { traces } from "../golden/traces.ts";
import { fieldsOf } from "./fields.ts";
import { table } from "./markdown.ts";
import { folder, stale, written } from "./reference.ts";

it("docs/reference matches the code", () => {
  expect(stale(fileURLToPath(new URL("../..", import.meta.url)))).toEqual([]);
});

describe("staleness", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "shoal-reference-"));
    mkdirSync(join(root, folder), { recursive: true });
    for (const [name, text] of written()) writeFileSync(join(root, folder, name), text);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("is empty right after writing", () => expect(stale(root)).toEqual([]));

  it("lists an edited page, a missing page and an unknown page", () => {
    writeFileSync(join(root, folder, "errors.md"), "by hand");
    rmSync(join(root, folder, "events.md"));
    writeFileSync(join(root, folder, "old.md"), "");
    expect(stale(root)).toEqual(["errors.md", "events.md", "old.md"]);
  });
});

it("a schema's fields are listed with their nested fields", () => {
  const schema = z.object({
    name: z.string().describe("who"),
    tasks: z.array(z.object({ kind: z.enum(["a", "b"]).default("a") })),
    labels: z.record(z.string(), z.string()).optional(),
  });
  expect(fieldsOf(schema, "nested")).toEqual([
    { path: "name", type: "string", required: true, fallback: "", summary: "who" },
    { path: "tasks", type: "list of object", required: true, fallback: "", summary: "" },
    { path: "tasks[].kind", type: '"a" or "b"', required: false, fallback: '"a"', summary: "" },
    { path: "labels", type: "map", required: false, fallback: "", summary: "" },
  ]);
});

it("the schema of the log accepts its messages, and has every event", () => {
  const schema: unknown = JSON.parse(written().get("events.schema.json") ?? "");
  const corpus = Object.entries(traces).flatMap(([scenario, trace]) => writeLog(scenario, trace).messages);
  const commits = corpus.map(({ data }) => JSON.parse(Buffer.from(data, "base64").toString()));
  const parser = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  for (const commit of commits) expect(parser.safeParse(commit).error, JSON.stringify(commit)).toBeUndefined();
  const [first] = commits;
  expect(parser.safeParse({ ...first, prev: 7 }).success).toBe(false);
  expect(parser.safeParse({ ...first, events: [{ type: "NodeDreamt", v: 1, data: {} }] }).success).toBe(false);
  expect(schema).toHaveProperty("$defs", expect.objectContaining({ JobSubmitted: expect.anything() }));
});

it("a table escapes bars and line ends in its cells", () => {
  expect(table(["a"], [["b|c\nd"]])).toBe("| a |\n| --- |\n| b\\|c d |");
});
