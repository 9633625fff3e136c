import { describe, expect, it } from "vitest";
import { JobSpec } from "../job/spec.ts";
import { checkParams } from "./check-params.ts";

type Part = { type: string; params?: Record<string, unknown> };

const check = (task: { engine?: Part; publisher?: Part; inputs?: readonly Part[] }) => {
  const inputSources = (task.inputs ?? []).map((source, index) => ({ source, target: `/in${index}` }));
  const { engine = { type: "noop" }, publisher } = task;
  const read = JobSpec.parse({
    type: "batch",
    tasks: [{ engine, inputSources, ...(publisher === undefined ? {} : { publisher }) }],
  });
  return checkParams(read);
};

describe("params of a known part", () => {
  it.each([
    [
      "a docker engine without an image",
      { engine: { type: "docker" } },
      "Tasks.0.Engine.Params.Image: expected string, got nothing",
    ],
    [
      "a docker engine with a relative folder",
      { engine: { type: "docker", params: { Image: "a", WorkingDirectory: "b" } } },
      "Tasks.0.Engine.Params.WorkingDirectory: a working directory must be an absolute path",
    ],
    [
      "a wasm engine without a module",
      { engine: { type: "Wasm" } },
      "Tasks.0.Engine.Params.EntryModule: expected string, got nothing",
    ],
    [
      "a native engine without a command",
      { engine: { type: "native" } },
      "Tasks.0.Engine.Params.Command: expected string, got nothing",
    ],
    [
      "an unknown param",
      { engine: { type: "noop", params: { Sudo: true } } },
      'Tasks.0.Engine.Params: Unrecognized key: "Sudo"',
    ],
    [
      "an s3 source without a bucket",
      {
        inputs: [
          { type: "inline", params: { url: "data:,x" } },
          { type: "s3", params: { Key: "a" } },
        ],
      },
      "Tasks.0.InputSources.1.Source.Params.Bucket: expected string, got nothing",
    ],
    [
      "an s3 source with a bad partition",
      { inputs: [{ type: "s3", params: { Bucket: "b", Partition: { Type: "regex", Pattern: "(" } } }] },
      "Tasks.0.InputSources.0.Source.Params.Partition.Pattern: expected a regular expression",
    ],
    [
      "a local source with ..",
      { inputs: [{ type: "localDirectory", params: { SourcePath: "/a/../b" } }] },
      'Tasks.0.InputSources.0.Source.Params.SourcePath: the path must not contain ".."',
    ],
    [
      "an inline source that is not a data URI",
      { inputs: [{ type: "inline", params: { URL: "https://example.org" } }] },
      "Tasks.0.InputSources.0.Source.Params.URL: expected a data: URI, such as data:text/plain;base64,aGVsbG8=",
    ],
    [
      "a download that is not from the web",
      { inputs: [{ type: "urlDownload", params: { URL: "file:///etc/passwd" } }] },
      "Tasks.0.InputSources.0.Source.Params.URL: expected an http or https URL",
    ],
    [
      "an s3 publisher with a wrong encoding",
      { publisher: { type: "s3", params: { Bucket: "b", Key: "k", Encoding: "zip" } } },
      'Tasks.0.Publisher.Params.Encoding: Invalid option: expected one of "gzip"|"plain"',
    ],
    [
      "two spellings of one param",
      { engine: { type: "docker", params: { Image: "a", image: "b" } } },
      'Tasks.0.Engine.Params: expected each field once (names are case-insensitive), got "Image" and "image"',
    ],
  ])("are refused with their path: %s", (_, task, problem) => {
    expect(check(task)).toEqual({ problems: [problem], unknown: [] });
  });

  it("are refused with every problem of every part", () => {
    const task = { engine: { type: "docker" }, inputs: [{ type: "s3" }], publisher: { type: "s3" } };
    expect(check(task).problems.map((problem) => problem.split(":")[0])).toEqual([
      "Tasks.0.Engine.Params.Image",
      "Tasks.0.InputSources.0.Source.Params.Bucket",
      "Tasks.0.Publisher.Params.Bucket",
      "Tasks.0.Publisher.Params.Key",
    ]);
  });

  it("are accepted in any case", () => {
    const inputs = [{ type: "LOCAL", params: { sourcepath: "/a//b/./" } }];
    expect(check({ engine: { type: "Docker", params: { IMAGE: "a" } }, inputs })).toEqual({
      problems: [],
      unknown: [],
    });
  });
});

describe("a type that is not known", () => {
  it.each(["quantum", "constructor", "__proto__"])("is accepted with any params, and named: %s", (type) => {
    const { problems, unknown } = check({ engine: { type, params: { Any: 1 } } });
    expect(problems).toEqual([]);
    expect(unknown).toEqual([
      expect.stringContaining(`Tasks.0.Engine.Type: this requester does not know the engine "${type}", only docker, `),
    ]);
  });

  it("is not an empty publisher", () => {
    expect(check({ publisher: { type: "" } }).unknown).toEqual([]);
  });
});
