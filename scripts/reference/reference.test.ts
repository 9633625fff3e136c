import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventsOf, kinds } from "@shoal/core";
import {
  apiRoutes,
  engineParams,
  fromWire,
  JobSpec,
  publisherParams,
  readParams,
  sourceParams,
  wireJsonSchema,
} from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseSpec } from "../../apps/cli/src/spec/parse-spec.ts";
import { writeLog } from "../golden/corpus.ts";
import { traces } from "../golden/traces.ts";
import { fieldsOf, fieldsOfJson } from "./fields.ts";
import { table, yaml } from "./markdown.ts";
import { exampleJob, partsOfNode } from "./part-pages.ts";
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
    name: z.string().min(1).max(9).describe("who"),
    codes: z.array(z.int().min(2)).max(3),
    tasks: z.array(z.object({ kind: z.enum(["a", "b"]).default("a") })),
    labels: z.record(z.string(), z.string()).optional(),
  });
  expect(fieldsOf(schema, "nested")).toEqual([
    { path: "name", type: "string", required: true, fallback: "", limits: "characters: 1 to 9", summary: "who" },
    {
      path: "codes",
      type: "list of integer",
      required: true,
      fallback: "",
      limits: "entries: at most 3; each: at least 2",
      summary: "",
    },
    { path: "tasks", type: "list of object", required: true, fallback: "", limits: "", summary: "" },
    { path: "tasks[].kind", type: '"a" or "b"', required: false, fallback: '"a"', limits: "", summary: "" },
    { path: "labels", type: "map", required: false, fallback: "", limits: "", summary: "" },
  ]);
});

const schemas: readonly (readonly [string, z.ZodType])[] = [
  ["the job spec", JobSpec],
  ...Object.values(apiRoutes).flatMap(({ name, query, answer }) => [
    [`the query of ${name}`, query] as const,
    [`the answer of ${name}`, answer] as const,
  ]),
  ...Object.entries(partsOfNode()).flatMap(([kind, parts]) =>
    parts.map(({ name, params }) => [`${name} of the ${kind}`, params] as const),
  ),
];

it.each(schemas)("every field of %s has a description", (_, schema) => {
  expect(fieldsOf(schema, "nested").filter(({ summary }) => summary === "")).toEqual([]);
});

it.each(
  Object.values(apiRoutes).flatMap(({ answer }) => {
    const { $defs } = wireJsonSchema(answer, "output");
    return Object.entries(Object($defs) as Record<string, object>).map(
      ([name, schema]) => [name, { ...schema, $defs }] as const,
    );
  }),
)("every field of the document %s has a description", (_, schema) => {
  expect(fieldsOfJson(schema, "nested").filter(({ summary }) => summary === "")).toEqual([]);
});

it.each([...eventsOf(kinds).values()])("$name and each of its fields have a description", ({ data }) => {
  expect(data.description).toMatch(/^[A-Z].*\.$/s);
  expect(fieldsOf(data, "flat").filter(({ summary }) => summary === "")).toEqual([]);
});

const paramsTables = { engines: engineParams, sources: sourceParams, publishers: publisherParams };

describe.each(Object.entries(partsOfNode()))("every part of the %s", (kind, parts) => {
  it("has the params that a requester checks", () => {
    const ofNode = Object.fromEntries(parts.map(({ name, params }) => [name, params]));
    const table: Readonly<Record<string, unknown>> = paramsTables[kind as keyof typeof paramsTables];
    expect(Object.keys(table).toSorted()).toEqual(Object.keys(ofNode).toSorted());
    for (const [name, params] of Object.entries(ofNode)) expect(table[name], name).toBe(params);
  });

  it.each(parts.map(({ name, params }) => [name, params] as const))(
    "%s has an example that it accepts",
    (name, params) => {
      const read = fromWire(JobSpec, exampleJob(params));
      const { engine, publisher, inputSources } = (read.ok ? read.value.tasks[0] : undefined) ?? expect.unreachable();
      const used = { engines: [engine], publishers: [publisher], sources: inputSources.map(({ source }) => source) };
      const names = parts.filter((part) => part.params === params).map((part) => part.name);
      const own = used[kind as keyof typeof used].filter(({ type }) => names.includes(type));
      expect(own.length, name).toBeGreaterThan(0);
      for (const one of own) expect(readParams(params, one.params)).toMatchObject({ ok: true });
    },
  );
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

it("an example in YAML is the job that it was written from, for the command line", () => {
  for (const { params } of Object.values(partsOfNode()).flat()) {
    expect(parseSpec(yaml(exampleJob(params)), "example.yaml")).toEqual(exampleJob(params));
  }
});

it("a table escapes bars and line ends in its cells", () => {
  expect(table(["a"], [["b|c\nd"]])).toBe("| a |\n| --- |\n| b\\|c d |");
});
