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
    ["a key that nobody knows", `${good}\nretries: 3\n`, "unknown field: 'retries' in 'Job'"],
    ["a key that the server sets", `${good}\nID: j-1\n`, "field: 'ID' in 'Job' is not allowed"],
    ["a nested key that nobody knows", good.replace("env:", "enviroment:"), "unknown field: 'enviroment' in 'Tasks.0'"],
    ["a wrong type", good.replace("count: 2", "count: many"), "Count: job count must be a whole number"],
    ["no engine", "type: batch\ntasks: [{ name: main }]\n", "Tasks.0.Engine"],
    ["an unknown key beside another problem", "type: batch\nretries: 3\n", "unknown field: 'retries' in 'Job'"],
    ["nothing", "", "wanted a job, found nothing"],
    ["a list", "- a\n", "wanted a job, found a list"],
    ["broken YAML", "type: batch\ntasks: [\n", "job.yaml, line 3"],
    ["broken JSON", '{\n  "type": "batch",\n  "tasks": [}\n}', "job.yaml, line 3"],
    ["the same key twice", "type: batch\ntype: ops\n", "line 2"],
    ["a tag that nobody knows", "type: !secret batch\n", "line 1"],
    ["two documents", `${good}---\n${good}`, "job.yaml"],
  ])("with %s is refused by name", (_, text, why) => {
    expect(() => parseSpec(text, "job.yaml")).toThrow(why);
  });

  it("may be wrapped as a body of the API is", () => {
    const body = JSON.stringify({ Job: { Type: "batch", Tasks: [{ Name: "main", Engine: { Type: "noop" } }] } });
    expect(parseSpec(body, "job.json")).toMatchObject({ Type: "batch" });
    expect(() => parseSpec('{"Job": 3}', "job.json")).toThrow("wanted a job, found a number");
  });

  it("cannot blow up by aliases", () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\n${"bcdefghi"
      .split("")
      .map((key, at) => `${key}: &${key} [${`*${"abcdefgh"[at]},`.repeat(9)}]`)
      .join("\n")}`;
    expect(() => parseSpec(bomb, "job.yaml")).toThrow(/job.yaml: .*alias/);
  });
});
