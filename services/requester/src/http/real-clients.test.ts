import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";

const address = "/api/v1/orchestrator/jobs";
let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

// The bytes of a module that does nothing: only their transport is tested.
const module = "data:application/wasm;base64,AGFzbQEAAAABBAFgAAADAgEABwoBBl9zdGFydAAACgQBAgAL";
const input = (Target: string) => ({ Alias: "", Source: { Type: "inline", Params: { URL: module } }, Target });

/** A job as `bacalhau wasm run` v1.9 sends it: every field, nulls for empty ones, paths as they were typed. */
const wasmRun = (targets: readonly string[]) => ({
  Job: {
    Constraints: null,
    Count: 1,
    CreateTime: 0,
    ID: "",
    Labels: {},
    Meta: null,
    ModifyTime: 0,
    Name: "",
    Namespace: "default",
    Priority: 0,
    Revision: 0,
    State: { StateType: "Undefined" },
    Tasks: [
      {
        Engine: {
          Type: "wasm",
          Params: { EntryModule: targets[0], Entrypoint: "_start", ImportModules: null, Parameters: ["arg"] },
        },
        InputSources: targets.map(input),
        Name: "main",
        Publisher: null,
        Resources: {},
        Timeouts: {},
      },
    ],
    Type: "batch",
    Version: 0,
  },
  Force: false,
});

const submit = async (targets: readonly string[]) => {
  const response = await harness.app.inject({ method: "PUT", url: address, payload: wasmRun(targets) });
  return { status: response.statusCode, body: response.json() };
};

describe("a wasm job as Bacalhau's command line sends it", () => {
  it("is accepted with relative targets, which begin at the task's root", async () => {
    const { status, body } = await submit(["main.wasm", "./lib/a.wasm", "/abs/b.wasm"]);
    expect({ status, warnings: body.Warnings }).toEqual({ status: 200, warnings: [] });
    const { Job } = (await harness.app.inject({ url: `${address}/${body.JobID}` })).json();
    expect(Job.Tasks[0].InputSources.map(({ Target }: { Target: string }) => Target)).toEqual([
      "/main.wasm",
      "/lib/a.wasm",
      "/abs/b.wasm",
    ]);
    expect(Job.Tasks[0].Engine.Params.EntryModule).toBe("main.wasm");
  });
  it.each([
    ["two spellings of one target", ["main.wasm", "/main.wasm"], /duplicate input target/],
    ["a target that leaves the root", ["../main.wasm"], /below the task's root/],
    ["a target that leaves it later", ["a/../../main.wasm"], /below the task's root/],
    ["an empty target", [""], /missing input target/],
  ])("is refused for %s", async (_, targets, sentence) => {
    const { status, body } = await submit(targets);
    expect(status).toBe(400);
    expect(body.Message).toMatch(sentence);
  });
});
