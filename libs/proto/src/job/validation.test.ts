import { describe, expect, it } from "vitest";
import { fromWire } from "../wire/codec.ts";
import { JobSpec } from "./spec.ts";

const job = (more: object, task: object = {}) => ({
  Type: "batch",
  Tasks: [{ Name: "main", Engine: { Type: "noop" }, ...task }],
  ...more,
});
const withTask = (task: object) => job({}, task);
const constraint = (Operator: string, ...Values: readonly string[]) =>
  job({ Constraints: [{ Key: "zone", Operator, Values }] });
const input = (Target: string, Alias = "") => ({ Source: { Type: "inline" }, Target, Alias });
const results = (...ResultPaths: readonly object[]) => withTask({ ResultPaths, Publisher: { Type: "local" } });
const network = (Network: object) => withTask({ Network });
const retries = (RetryPolicy: object) => withTask({ RetryPolicy });

function parse(spec: object): JobSpec {
  const read = fromWire(JobSpec, spec);
  if (!read.ok) throw new Error(read.problems.join("\n"));
  return read.value;
}

describe("a job is refused", () => {
  it.each<readonly [string, object, RegExp]>([
    ["without a type", { ...job({}), Type: undefined }, /missing job type/],
    ["of an unknown type", job({ Type: "cron" }), /invalid job type: expected one of batch ops service daemon/],
    ["with a negative count", job({ Count: -1 }), /job count must be >= 0/],
    ["of type ops with a count", job({ Type: "ops", Count: 2 }), /ops jobs cannot specify count > 1/],
    ["of type daemon with a count", job({ Type: "daemon", Count: 2 }), /daemon jobs cannot specify count > 1/],
    ["without tasks", job({ Tasks: [] }), /missing job tasks/],
    ["with a namespace that is no token", job({ Namespace: "a.b" }), /invalid namespace "a\.b"/],
    ["with an update strategy for a job that ends by itself", job({ Update: {} }), /an update strategy is for/],
    ["with a task without a name", withTask({ Name: "" }), /missing task name/],
    ["with a null character in a text", withTask({ Meta: { note: "a\0b" } }), /null character/],
    ["without an engine's type", withTask({ Engine: { Type: "" } }), /missing spec type/],
    ["with an input without a target", withTask({ InputSources: [input("")] }), /missing input target/],
    [
      "with an input without a source",
      withTask({ InputSources: [{ Source: {}, Target: "/in" }] }),
      /missing spec type/,
    ],
    ["with an input that leaves the task's root", withTask({ InputSources: [input("../up")] }), /without \.\./],
    [
      "with two inputs at one target",
      withTask({ InputSources: [input("/in"), input("/in")] }),
      /duplicate input target/,
    ],
    [
      "with two inputs of one alias",
      withTask({ InputSources: [input("/a", "x"), input("/b", "x")] }),
      /duplicate input alias/,
    ],
    ["with a result without a name", results({ Name: "", Path: "/out" }), /missing result path name/],
    ["with a result at a relative path", results({ Name: "out", Path: "out" }), /expected an absolute path/],
    [
      "with two results of one name",
      results({ Name: "out", Path: "/a" }, { Name: "out", Path: "/b" }),
      /duplicate result name/,
    ],
    [
      "with two results of one path",
      results({ Name: "a", Path: "/out" }, { Name: "b", Path: "/out" }),
      /duplicate result path/,
    ],
    [
      "with results and no publisher",
      withTask({ ResultPaths: [{ Name: "out", Path: "/out" }], Publisher: {} }),
      /publisher must be set if result paths are set/,
    ],
    ["with a CPU that is no quantity", withTask({ Resources: { CPU: "much" } }), /invalid resources: .*much/],
    ["with a memory that is no size", withTask({ Resources: { Memory: "-1" } }), /invalid resources: .*-1/],
    ["with a part of a GPU", withTask({ Resources: { GPU: "0.5" } }), /invalid resources: .*0\.5/],
    ["with a variable in lower case", withTask({ Env: { path: "x" } }), /invalid environment variable path/],
    ["with a variable of the node's prefix", withTask({ Env: { BACALHAU_JOB_ID: "x" } }), /set by the node/],
    ["with a variable of Shoal's prefix", withTask({ Env: { SHOAL_JOB_ID: "x" } }), /set by the node/],
    ["with an empty variable", withTask({ Env: { EMPTY: "" } }), /an environment value is not empty/],
    ["with an unknown operator", constraint("like", "a"), /expected one of in notin/],
    ["with `in` without values", constraint("in"), /operator in takes at least 1 values, got 0/],
    ["with `exists` with a value", constraint("exists", "a"), /operator exists takes 0 values, got 1/],
    ["with `=` with two values", constraint("=", "a", "b"), /operator = takes 1 values, got 2/],
    ["with `gt` of a word", constraint("gt", "many"), /compares with a whole number/],
    ["with a constraint without a key", job({ Constraints: [{ Key: "", Operator: "exists" }] }), /needs a key/],
    ["with an unknown network", network({ Type: "wifi" }), /invalid network: expected one of/],
    ["with domains on a bridge", network({ Type: "Bridge", Domains: ["a.org"] }), /domains go with type HTTP only/],
    ["with ports without a network", network({ Type: "None", Ports: [{ Name: "web" }] }), /ports go with type Host or/],
    [
      "with a port's name that no variable can have",
      network({ Type: "Bridge", Ports: [{ Name: "web-1" }] }),
      /a port's name holds letters, digits and _/,
    ],
    [
      "with a static port below 1024",
      network({ Type: "Bridge", Ports: [{ Name: "web", Static: 80 }] }),
      /expected a static port of 1024 to 65535/,
    ],
    ["with a negative timeout", withTask({ Timeouts: { QueueTimeout: -1 } }), /expected 0 or more seconds/],
    [
      "with phases that are longer than the whole",
      withTask({ Timeouts: { ExecutionTimeout: 60, QueueTimeout: 60, TotalTimeout: 100 } }),
      /execution timeout 60s \+ queue timeout 60s is more than total timeout 100s/,
    ],
    [
      "with a pause before retries that is longer than the longest",
      retries({ InitialInterval: 9, MaxInterval: 1 }),
      /initial interval 9s is longer than max interval 1s/,
    ],
    ["with retries of an unknown failure", retries({ RetryOn: ["BAD_LUCK"] }), /expected one of INPUT_UNAVAILABLE/],
  ])("%s", (_, spec, problem) => {
    const read = fromWire(JobSpec, spec);
    expect(read.ok ? "accepted" : read.problems.join("\n")).toMatch(problem);
  });
});

describe("a job that leaves out what it may", () => {
  it("has a count of 1, the namespace `default`, priority 0 and a task named main", () => {
    const { name, namespace, priority, count, tasks } = parse({ Type: "Batch", Tasks: [{ Engine: { Type: "noop" } }] });
    expect({ name, namespace, priority, count }).toEqual({ name: "", namespace: "default", priority: 0, count: 1 });
    expect(tasks.map((task) => task.name)).toEqual(["main"]);
  });
  it("may have a count of 0, and a name with spaces", () => {
    expect(parse(job({ Count: 0, Name: "my first job" }))).toMatchObject({ count: 0, name: "my first job" });
  });
  it("has no publisher when it is empty or null", () => {
    for (const Publisher of [{}, { Type: "" }, null])
      expect(parse(withTask({ Publisher })).tasks[0]?.publisher.type).toBe("");
  });
  it("has no timeouts, and the network `default`", () => {
    expect(parse(job({})).tasks[0]).toMatchObject({
      timeouts: { executionTimeout: 0, queueTimeout: 0, totalTimeout: 0 },
      network: { type: "default", domains: [], ports: [] },
    });
  });
});

it("a network is one of Bacalhau's words in any case", () => {
  const types = ["Default", "NONE", "host", "Full", "HTTP", "Bridge", ""].map(
    (Type) => parse(network({ Type, ...(Type === "HTTP" ? { Domains: ["a.org"] } : {}) })).tasks[0]?.network.type,
  );
  expect(types).toEqual(["default", "none", "host", "full", "http", "bridge", "default"]);
});
