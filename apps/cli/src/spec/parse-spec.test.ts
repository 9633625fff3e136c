import { describe, expect, it } from "vitest";
import { parseSpec } from "./parse-spec.ts";

const good = `
name: hello
Type: batch
count: 2
tasks:
  - name: main
    engine: { type: noop, params: { anything: goes } }
    env: { FOO: bar }
`;

describe("a job spec", () => {
  it("is read from YAML with keys in any case, and sent as it was written", () => {
    expect(parseSpec(good, "job.yaml")).toMatchObject({ name: "hello", Type: "batch", count: 2 });
  });

  it("is read from JSON", () => {
    const spec = { Type: "batch", Tasks: [{ Name: "main", Engine: { Type: "noop" } }] };
    expect(parseSpec(JSON.stringify(spec), "job.json")).toEqual(spec);
  });

  it.each([
    ["an unknown key", `${good}\nretries: 3\n`, "unknown field: 'retries' in 'Job'"],
    ["a key that the server sets", `${good}\nID: j-1\n`, "field: 'ID' in 'Job' is not allowed"],
    ["an unknown nested key", good.replace("env:", "enviroment:"), "unknown field: 'enviroment' in 'Tasks.0'"],
    ["a wrong type", good.replace("count: 2", "count: many"), "Count: job count must be a whole number"],
    ["no engine", "type: batch\ntasks: [{ name: main }]\n", "Tasks.0.Engine"],
    ["an unknown key beside another problem", "type: batch\nretries: 3\n", "unknown field: 'retries' in 'Job'"],
    ["nothing", "", "expected a job, got nothing"],
    ["a list", "- a\n", "expected a job, got a list"],
    ["broken YAML", "type: batch\ntasks: [\n", "job.yaml, line 3"],
    ["broken JSON", '{\n  "type": "batch",\n  "tasks": [}\n}', "job.yaml, line 3"],
    ["the same key twice", "type: batch\ntype: ops\n", "line 2"],
    ["an unknown tag", "type: !secret batch\n", "line 1"],
    ["two documents", `${good}---\n${good}`, "job.yaml"],
  ])("with %s is refused by name", (_, text, why) => {
    expect(() => parseSpec(text, "job.yaml")).toThrow(why);
  });

  it("may be wrapped in `Job`, as a body of the API", () => {
    const body = JSON.stringify({ Job: { Type: "batch", Tasks: [{ Name: "main", Engine: { Type: "noop" } }] } });
    expect(parseSpec(body, "job.json")).toMatchObject({ Type: "batch" });
    expect(() => parseSpec('{"Job": 3}', "job.json")).toThrow("expected a job, got a number");
  });

  it("is refused when its aliases multiply", () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\n${"bcdefghi"
      .split("")
      .map((key, at) => `${key}: &${key} [${`*${"abcdefgh"[at]},`.repeat(9)}]`)
      .join("\n")}`;
    expect(() => parseSpec(bomb, "job.yaml")).toThrow(/job.yaml: .*alias/);
  });

  const mebibyte = 2 ** 20;
  it.each<[string, () => string, RegExp]>([
    ["lists in lists", () => "[".repeat(9 * mebibyte), /32 levels/],
    ["lists in lists, closed", () => "[".repeat(mebibyte) + "]".repeat(mebibyte), /32 levels/],
    ["maps in maps", () => "{a: ".repeat(mebibyte), /32 levels/],
    ["block lists in block lists", () => "- ".repeat(mebibyte), /32 levels/],
    ["keys that are maps", () => "? ".repeat(mebibyte), /32 levels/],
    ["JSON of many levels", () => `${'{"a":'.repeat(100)}1${"}".repeat(100)}`, /32 levels/],
    ["a million keys", () => Array.from({ length: mebibyte }, (_, n) => `k${n}: 1`).join("\n"), /50000 YAML tokens/],
    [
      "a million anchors",
      () => Array.from({ length: mebibyte }, (_, n) => `- &a${n} x`).join("\n"),
      /50000 YAML tokens/,
    ],
    ["a million tags", () => "!a ".repeat(mebibyte), /50000 YAML tokens/],
    [
      "one large alias many times",
      () => `a: &a ${"x".repeat(mebibyte)}\nb: [${"*a,".repeat(90)}]`,
      /10000000 characters/,
    ],
    ["an alias of itself", () => "a: &a [*a]", /alias|characters/],
  ])("with %s is refused before it is composed", (_, make, why) => {
    expect(() => parseSpec(make(), "job.yaml")).toThrow(why);
  });

  it("may be as large as the API accepts, in few tokens", () => {
    const data = "x".repeat(9 * mebibyte);
    const large = good.replace("FOO: bar", `FOO: ${data}`);
    // A rule of the spec refuses it, not the parser.
    expect(() => parseSpec(large, "job.yaml")).toThrow(/Env/);
  });

  it("may have as many levels as the API accepts", () => {
    const deep = good.replace("anything: goes", `anything: ${"[".repeat(20)}1${"]".repeat(20)}`);
    expect(parseSpec(deep, "job.yaml")).toMatchObject({ name: "hello" });
  });
});
