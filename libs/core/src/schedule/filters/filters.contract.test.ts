import { fromWire, JobSpec, type NodeInfo, protocolLevel, protocolLevelMin } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import type { Candidate } from "../candidate.ts";
import { requirementsOf } from "../requirements.ts";
import { type FilterSamples, filterContract } from "./contract.ts";
import { filters } from "./index.ts";

const room = { cpuCores: 2, memoryBytes: 1e9, diskBytes: 1e9, gpus: 0 };
const info: NodeInfo = {
  nodeId: "n-1",
  labels: { zone: "eu", cores: "8" },
  engines: ["noop"],
  publishers: ["local"],
  sources: ["inline"],
  capacity: room,
  available: room,
  perTask: room,
  running: 0,
  version: "v0.1.0",
  address: "",
};

function candidate(task: object, job: object = {}): Candidate {
  const read = fromWire(JobSpec, { type: "batch", ...job, tasks: [{ engine: { type: "NOOP" }, ...task }] });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  const requirements = requirementsOf(read.value);
  if (requirements === undefined) throw new Error("no task");
  return { info, requirements };
}
const wants = (key: string, operator: string, ...values: readonly string[]) =>
  candidate({}, { constraints: [{ key, operator, values }] });

const speaking = (level: number | undefined): Candidate => {
  const { requirements } = candidate({});
  return { requirements, info: level === undefined ? info : { ...info, protocol: level } };
};

const samples: Readonly<Record<string, FilterSamples>> = {
  protocol: {
    good: [speaking(undefined), speaking(protocolLevel), speaking(protocolLevelMin)],
    bad: [speaking(protocolLevel + 1), speaking(protocolLevelMin - 1)],
  },
  engine: { good: [candidate({})], bad: [candidate({ engine: { type: "docker" } })] },
  publisher: {
    good: [candidate({}), candidate({ publisher: { type: "Local" } })],
    bad: [candidate({ publisher: { type: "s3" } })],
  },
  sources: {
    good: [candidate({ inputSources: [{ source: { type: "inline" }, target: "/in" }] })],
    bad: [candidate({ inputSources: [{ source: { type: "ipfs" }, target: "/in" }] })],
  },
  labels: {
    good: [
      wants("zone", "in", "eu", "us"),
      wants("zone", "=", "eu"),
      wants("gpu", "!"),
      wants("zone", "exists"),
      wants("cores", "gt", "4"),
      wants("gpu", "notin", "x"),
      wants("favour_zone", "=", "us"),
    ],
    bad: [
      wants("zone", "in", "us"),
      wants("gpu", "exists"),
      wants("cores", "lt", "8"),
      wants("zone", "gt", "1"),
      wants("toString", "exists"),
    ],
  },
  size: {
    good: [candidate({ resources: { cpu: "2" } })],
    bad: [candidate({ resources: { cpu: "2500m" } }), candidate({ resources: { gpu: "1" } })],
  },
};

for (const filter of filters) filterContract(filter, samples[filter.name] ?? { good: [], bad: [] });

describe("the filters", () => {
  it("each have samples", () => {
    expect(filters.map(({ name }) => name).toSorted()).toEqual(Object.keys(samples).toSorted());
  });
});
