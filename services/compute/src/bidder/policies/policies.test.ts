import { registry } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { noop } from "../../executors/noop.ts";
import { hostVariables } from "../../host-variables.ts";
import type { Publisher } from "../../publishers/publisher.ts";
import type { Source } from "../../sources/source.ts";
import { askOf, testResources } from "../../testing/assignments.ts";
import type { ProbeVerdict } from "../probes/probe.ts";
import { type PolicySamples, policyContract } from "./contract.ts";
import { createPolicies } from "./index.ts";
import { locality } from "./locality.ts";
import { type BidContext, evaluateAsk } from "./policy.ts";
import { probe } from "./probe.ts";
import { stateless } from "./stateless.ts";

const library: Source = {
  name: "library",
  params: z.strictObject({ Book: z.string() }),
  unavailable: async () => undefined,
  close: async () => {},
  refuses: async (params) => (JSON.stringify(params).includes("banned") ? "this book is banned here" : undefined),
  fetch: () => Promise.reject(new Error("a bid fetches no input")),
};
const post: Publisher = {
  name: "post",
  params: z.strictObject({ To: z.string() }),
  unavailable: async () => undefined,
  publish: () => Promise.reject(new Error("a bid publishes nothing")),
  close: async () => {},
};
const cabinet: Source = { ...library, name: "cabinet", params: z.strictObject({}), isLocal: true };
const capacity = { cpuCores: 4, memoryBytes: 2 ** 33, diskBytes: 0, gpus: 0 };
const parts = {
  executors: registry("executor", [noop({ clock: createManualClock() })]),
  sources: registry("source", [library, cabinet]),
  publishers: registry("publisher", [post]),
};
const around: BidContext = {
  parts,
  availability: { problem: (kind, name) => (parts[kind].has(name) ? undefined : "it does not exist") },
  labels: { zone: "a", cores: "8" },
  perTask: { ...capacity, cpuCores: 2 },
  rejectNetworked: false,
  hostNetwork: false,
  selection: { locality: "anywhere", rejectStateless: false, probes: [] },
  givesPorts: true,
  hostVariable: hostVariables({ SEEN_IT: "1", PATH: "/bin" }, ["SEEN_*"]),
  capacity,
  available: () => capacity,
};
const engine = { type: "noop" };
const input = (source: { type: string; params?: Record<string, unknown> }, target = "/in") =>
  askOf({ task: { engine, inputSources: [{ source, target }] } });
const published = (publisher: { type: string; params?: Record<string, unknown> }) =>
  askOf({ task: { engine, publisher } });
const result = (name: string, path = "/out") =>
  askOf({ task: { engine, publisher: { type: "post" }, resultPaths: [{ name, path }] } });

const samples: Readonly<Record<string, PolicySamples>> = {
  labels: {
    good: [
      askOf({ constraints: [{ key: "zone", operator: "in", values: ["a", "b"] }] }),
      askOf({ constraints: [{ key: "cores", operator: "gt", values: ["4"] }] }),
      askOf({ constraints: [{ key: "favour_zone", operator: "=", values: ["b"] }] }),
    ],
    bad: {
      zone: askOf({ constraints: [{ key: "zone", operator: "!=", values: ["a"] }] }),
      gpu: askOf({ constraints: [{ key: "gpu", operator: "exists", values: [] }] }),
    },
  },
  size: { good: [askOf()], bad: { cpuCores: askOf({ resources: { ...testResources, cpuCores: 3 } }) } },
  network: {
    good: [askOf(), askOf({ task: { engine, network: { type: "bridge" } } })],
    bad: {
      domain: askOf({ task: { engine, network: { type: "http", domains: ["example.com"] } } }),
      "grants it to no task (network.host)": askOf({ task: { engine, network: { type: "host" } } }),
      "network full is the host network": askOf({ task: { engine, network: { type: "full" } } }),
      ports: askOf({ task: { engine, network: { type: "bridge", ports: [{ name: "web", target: 80 }] } } }),
    },
  },
  stateless: { good: [askOf(), input({ type: "library" })], bad: {} },
  locality: { good: [askOf(), input({ type: "library" })], bad: {} },
  probe: { good: [askOf()], bad: {} },
  places: {
    good: [result("out"), result("my results.v1"), input({ type: "library" }, "/a/b..c")],
    bad: {
      "../up": result("../up"),
      "/abs": result("/abs"),
      stdOUT: result("stdOUT"),
      '"."': result("."),
      '".."': result(".."),
      "/a/../../etc": input({ type: "library" }, "/a/../../etc"),
      root: result("out", "//"),
    },
  },
  environment: {
    good: [askOf({ task: { engine, env: { A: "b", B: "env:SEEN_IT" } } })],
    bad: {
      PATH: askOf({ task: { engine, env: { A: "env:PATH" } } }),
      SEEN_NOT: askOf({ task: { engine, env: { A: "env:SEEN_NOT" } } }),
    },
  },
  engine: {
    good: [askOf(), askOf({ task: { engine: { type: "NoOp", params: { exitcode: 1 } } } })],
    bad: {
      mainframe: askOf({ task: { engine: { type: "mainframe" } } }),
      ExitCode: askOf({ task: { engine: { type: "noop", params: { ExitCode: "one" } } } }),
    },
  },
  publisher: {
    good: [askOf(), published({ type: "post", params: { to: "me" } })],
    bad: { pigeon: published({ type: "pigeon" }), To: published({ type: "post" }) },
  },
  room: { good: [askOf()], bad: {} },
  sources: {
    good: [askOf(), input({ type: "library", params: { book: "Emma" } })],
    bad: {
      cave: input({ type: "cave" }),
      Book: input({ type: "library" }),
      banned: input({ type: "library", params: { Book: "banned" } }),
    },
  },
};

const policies = createPolicies(around);
for (const policy of policies) policyContract(policy, samples[policy.name] ?? { good: [], bad: {} });

const selecting = { ...around, selection: { locality: "local", rejectStateless: true, probes: [] } } as const;
policyContract(stateless(selecting), {
  good: [input({ type: "library" })],
  bad: { "without inputs (selection.rejectStateless)": askOf() },
});
policyContract(locality(selecting), {
  good: [input({ type: "Cabinet" })],
  bad: { "an input on this node (selection.locality)": input({ type: "library" }), "only tasks": askOf() },
});
const odd: ProbeVerdict = { fit: false, why: "the exec probe exited with 1: it is odd", mayChange: false };
const probed = (...verdicts: readonly ProbeVerdict[]): BidContext => ({
  ...around,
  selection: { ...selecting.selection, probes: verdicts.map((verdict) => ({ evaluate: async () => verdict })) },
});
policyContract(probe(probed({ fit: true }, { fit: true })), { good: [askOf()], bad: {} });
policyContract(probe(probed({ fit: true }, odd)), { good: [], bad: { "it is odd": askOf() } });

describe("the policies of a node", () => {
  it("each have samples", () => {
    expect(policies.map(({ name }) => name).toSorted()).toEqual(Object.keys(samples).toSorted());
  });

  it("name the policy that refuses", async () => {
    const verdict = await evaluateAsk(policies, askOf({ task: { engine: { type: "mainframe" } } }));
    expect(verdict).toMatchObject({ fit: false, why: expect.stringMatching(/^engine: mainframe/) });
  });

  it("refuse when an evaluation throws", async () => {
    const broken = { name: "broken", evaluate: () => Promise.reject(new TypeError("x is undefined")) };
    expect(await evaluateAsk([broken], askOf())).toMatchObject({
      fit: false,
      why: expect.stringContaining("x is undefined"),
    });
  });

  it("score preferred labels and free resources", async () => {
    const score = async (surroundings: BidContext, ask = askOf()) => {
      const verdict = await evaluateAsk(createPolicies(surroundings), ask);
      return verdict.fit ? verdict.score : Number.NaN;
    };
    const preferring = askOf({ constraints: [{ key: "favour_zone", operator: "=", values: ["a"] }] });
    expect((await score(around, preferring)) - (await score(around))).toBe(10);
    const half = { ...around, available: () => ({ ...capacity, cpuCores: 2 }) };
    expect((await score(around)) - (await score(half))).toBe(40);
    const third = { ...around, available: () => ({ ...around.capacity, cpuCores: around.capacity.cpuCores / 3 }) };
    expect(await score(third)).toBe(26.67);
  });

  it("grant the host network where the node's owner allows it", async () => {
    const open = createPolicies({ ...around, hostNetwork: true });
    for (const type of ["host", "full"] as const)
      expect(await evaluateAsk(open, askOf({ task: { engine, network: { type } } }))).toMatchObject({ fit: true });
  });

  it("grant domains and ports to an engine that has them, on a node that gives ports", async () => {
    const able = { ...noop({ clock: createManualClock() }), networking: ["http", "ports"] as const };
    const open = { ...around, parts: { ...parts, executors: registry("executor", [able]) } };
    const domains = askOf({ task: { engine, network: { type: "http", domains: ["example.com"] } } });
    const ports = askOf({ task: { engine, network: { type: "bridge", ports: [{ name: "web", target: 80 }] } } });
    for (const ask of [domains, ports])
      expect(await evaluateAsk(createPolicies(open), ask)).toMatchObject({ fit: true });
    const closed = createPolicies({ ...open, givesPorts: false });
    expect(await evaluateAsk(closed, ports)).toMatchObject({
      fit: false,
      why: expect.stringContaining("network.ports"),
    });
  });

  it("ask the engine about the params", async () => {
    const able = { ...noop({ clock: createManualClock() }), refuses: async () => "not on this machine" };
    const picky = { ...around, parts: { ...parts, executors: registry("executor", [able]) } };
    expect(await evaluateAsk(createPolicies(picky), askOf())).toMatchObject({
      fit: false,
      why: "engine: noop: not on this machine",
    });
  });

  it("refuse networks where the node rejects them", async () => {
    const closed = createPolicies({ ...around, rejectNetworked: true });
    expect(await evaluateAsk(closed, askOf())).toMatchObject({ fit: true });
    expect(await evaluateAsk(closed, askOf({ task: { engine, network: { type: "none" } } }))).toMatchObject({
      fit: true,
    });
    for (const type of ["host", "full", "http", "bridge"]) {
      const network = type === "http" ? { type, domains: ["example.com"] } : { type };
      expect(await evaluateAsk(closed, askOf({ task: { engine, network } }))).toMatchObject({
        fit: false,
        why: `network: this node does not run tasks with network ${type}`,
      });
    }
  });
});
