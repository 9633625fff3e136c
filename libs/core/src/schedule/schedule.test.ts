import type { Answer, Constraint, NodeInfo } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { sampleInfo, sampleSpec } from "../testing/samples.ts";
import { defaultResources, resourcesOf } from "./candidate.ts";
import { preferencesMet, unmetBy } from "./constraints.ts";
import { requirementsOf } from "./requirements.ts";
import { explainShortage, rank } from "./schedule.ts";

const requirements = requirementsOf(sampleSpec()) ?? expect.unreachable();
const capacity = { cpuCores: 4, memoryBytes: 4e9, diskBytes: 0, gpus: 0 };

/** A node with a part of its capacity free. */
const node = (nodeId: string, free: { readonly cpu: number; readonly memory: number }, labels = {}): NodeInfo => ({
  ...sampleInfo(nodeId),
  capacity,
  available: { ...capacity, cpuCores: 4 * free.cpu, memoryBytes: 4e9 * free.memory },
  labels,
});
const idle = { cpu: 1, memory: 1 };
const prefer = (value: string): Constraint => ({ key: "favour_zone", operator: "=", values: [value] });

const ranked = (
  nodes: readonly NodeInfo[],
  over: { readonly failuresOn?: ReadonlyMap<string, number>; readonly constraints?: readonly Constraint[] } = {},
  fraction = () => 0,
) => {
  const { failuresOn = new Map(), constraints = [] } = over;
  return rank({ requirements: { ...requirements, constraints: [...constraints] }, failuresOn }, nodes, fraction);
};

describe("the rank of a node", () => {
  it("is by the free share of its scarcest resource", () => {
    const nodes = [
      node("n-cpu", { cpu: 0.25, memory: 1 }),
      node("n-memory", { cpu: 1, memory: 0.5 }),
      node("n-idle", idle),
      node("n-full", { cpu: 0, memory: 1 }),
    ];
    expect(ranked(nodes)).toEqual(["n-idle", "n-memory", "n-cpu", "n-full"]);
  });
  it("is higher by a tenth of the capacity for each preference that its labels meet", () => {
    const nodes = [node("n-a", idle), node("n-b", { cpu: 0.9, memory: 1 }, { zone: "eu" })];
    expect(ranked(nodes, { constraints: [prefer("eu")] })).toEqual(["n-b", "n-a"]);
    expect(ranked(nodes, { constraints: [prefer("us")] })).toEqual(["n-a", "n-b"]);
    const busy = node("n-b", { cpu: 0.8, memory: 1 }, { zone: "eu" });
    expect(ranked([busy, node("n-a", idle)], { constraints: [prefer("eu")] })).toEqual(["n-a", "n-b"]);
  });
  it("is below all others after failures of the job, and the more failures the lower", () => {
    const nodes = [
      node("n-twice", idle, { zone: "eu" }),
      node("n-once", idle, { zone: "eu" }),
      node("n-full", { cpu: 0, memory: 0 }),
    ];
    const failuresOn = new Map([
      ["n-twice", 2],
      ["n-once", 1],
    ]);
    expect(ranked(nodes, { failuresOn, constraints: [prefer("eu")] })).toEqual(["n-full", "n-once", "n-twice"]);
  });
  it("is random among equal nodes, by less than a twentieth of the capacity", () => {
    const sequence = (...numbers: readonly number[]) => {
      const left = [...numbers];
      return () => left.shift() ?? 0;
    };
    const equal = [node("n-a", idle), node("n-b", idle)];
    expect(ranked(equal, {}, sequence(0.1, 0.2))).toEqual(["n-b", "n-a"]);
    expect(ranked(equal, {}, sequence(0.2, 0.1))).toEqual(["n-a", "n-b"]);
    const slightly = [node("n-a", { cpu: 0.951, memory: 1 }), node("n-b", idle)];
    expect(ranked(slightly, {}, sequence(0.999, 0))).toEqual(["n-a", "n-b"]);
    const clearly = [node("n-a", { cpu: 0.95, memory: 1 }), node("n-b", idle)];
    expect(ranked(clearly, {}, sequence(0.999, 0))).toEqual(["n-b", "n-a"]);
  });
  it("counts a resource that the node does not have as free", () => {
    const none = { ...node("n-none", idle), capacity: { ...capacity, cpuCores: 0 }, available: { ...capacity } };
    expect(ranked([node("n-half", { cpu: 0.5, memory: 0.5 }), none])).toEqual(["n-none", "n-half"]);
  });
});

it("a shortage names what was requested, what fits, and each reason with its count", () => {
  const answers: readonly Answer[] = [
    { nodeId: "n-1", accepted: true, score: 1 },
    { nodeId: "n-2", accepted: false, why: "no room" },
    { nodeId: "n-3", accepted: false },
    { nodeId: "n-4", accepted: false, why: "no room" },
  ];
  expect(explainShortage(3, answers).split("\n")).toEqual([
    "not enough nodes to run job. requested: 3, available: 4, suitable: 1.",
    "• 2 of 4 nodes: no room",
    "• 1 of 4 nodes: no answer",
  ]);
});

describe("the resources of a task", () => {
  const spec = { cpu: "", memory: "", disk: "", gpu: "" };
  it("are half a core and 512 MB when it names none, or what cannot be read", () => {
    expect(resourcesOf(spec)).toEqual({ cpuCores: 0.5, memoryBytes: 512e6, diskBytes: 0, gpus: 0 });
    expect(resourcesOf({ cpu: "?", memory: "?", disk: "?", gpu: "?" })).toEqual(defaultResources);
  });
  it("are those that it names", () => {
    const named = resourcesOf({ cpu: "250m", memory: "1GB", disk: "2GB", gpu: "1" });
    expect(named).toEqual({ cpuCores: 0.25, memoryBytes: 1e9, diskBytes: 2e9, gpus: 1 });
  });
});

describe("a constraint", () => {
  const labels = { zone: "eu", cores: "8" };
  it.each([
    ["zone", "=", ["us"], 'wants zone = us, found "eu"'],
    ["zone", "!", [], 'wants zone !, found "eu"'],
    ["gpu", "exists", [], "wants gpu exists, found no such label"],
    ["zone", "notin", ["eu", "us"], 'wants zone notin eu,us, found "eu"'],
    ["zone", "!=", ["eu"], 'wants zone != eu, found "eu"'],
    ["cores", "gt", ["8"], 'wants cores gt 8, found "8"'],
    ["cores", "lt", ["8"], 'wants cores lt 8, found "8"'],
  ] as const)("%s %s %j that is not met is named with the label's value", (...row) => {
    const [key, operator, values, why] = row;
    expect(
      unmetBy(labels, [
        { key: "zone", operator: "==", values: ["eu"] },
        { key, operator, values: [...values] },
      ]),
    ).toBe(why);
  });
  it("that is a preference is counted when it is met, and is never a condition", () => {
    const all = [prefer("eu"), prefer("us"), { key: "zone", operator: "=" as const, values: ["eu"] }];
    expect(preferencesMet(labels, all)).toBe(1);
    expect(unmetBy(labels, all)).toBeUndefined();
  });
});
