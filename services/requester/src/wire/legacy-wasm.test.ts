import { describe, expect, it } from "vitest";
import { withoutLegacyWasm } from "./legacy-wasm.ts";
import { readSubmission } from "./submission.ts";

const inline = (text: string) => ({
  Source: { Type: "inline", Params: { URL: `data:,${text}` } },
  Target: "/elsewhere",
});

const taskOf = (task: object) =>
  readSubmission({ Job: { Type: "batch", Tasks: [{ Name: "t", ...task }] } }, "").spec.tasks[0];

describe("a wasm task with input sources as its modules", () => {
  it("is rewritten to inputs at Bacalhau's paths", () => {
    const params = {
      EntryModule: inline("entry"),
      EntryPoint: "main",
      ImportModules: [inline("one"), inline("two")],
      Parameters: ["a"],
    };
    const task = taskOf({
      Engine: { Type: "wasm", Params: params },
      InputSources: [{ ...inline("data"), Target: "/in" }],
    });
    expect(task?.inputSources.map(({ target, source }) => [target, source.params["URL"]])).toEqual([
      ["/in", "data:,data"],
      ["/wasm/entry.wasm", "data:,entry"],
      ["/wasm/imports/module_0.wasm", "data:,one"],
      ["/wasm/imports/module_1.wasm", "data:,two"],
    ]);
    expect(task?.engine.params).toEqual({
      EntryModule: "/wasm/entry.wasm",
      EntryPoint: "main",
      ImportModules: ["/wasm/imports/module_0.wasm", "/wasm/imports/module_1.wasm"],
      Parameters: ["a"],
    });
  });
  it("is read with keys in any case", () => {
    const source = { source: { type: "inline", params: { URL: "data:,x" } }, TARGET: "/x" };
    const task = taskOf({ engine: { type: "wasm", params: { entrymodule: source } } });
    expect(task?.inputSources.map(({ target }) => target)).toEqual(["/wasm/entry.wasm"]);
    expect(task?.engine.params).toEqual({ entrymodule: "/wasm/entry.wasm" });
  });
  it("is refused for a source that is not valid, by the path that it gets", () => {
    const broken = { Engine: { Type: "wasm", Params: { EntryModule: { Source: "nonsense" } } } };
    expect(() => taskOf(broken)).toThrow(/InputSources\.0\.Source/i);
  });
});

it.each([
  [
    "the form with paths",
    { Engine: { Type: "wasm", Params: { EntryModule: "/main.wasm", ImportModules: ["/a.wasm"] } } },
  ],
  ["another engine", { Engine: { Type: "docker", Params: { EntryModule: inline("x") } } }],
  ["no task at all", "nonsense"],
])("leaves %s as it is", (_what, task) => {
  expect(withoutLegacyWasm(task)).toEqual(task);
});
