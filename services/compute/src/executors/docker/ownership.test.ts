import { expect, it } from "vitest";
import type { EngineReader } from "./engine-reader.ts";
import { type ContainerOwner, ownership } from "./ownership.ts";

interface Container {
  readonly Id: string;
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
}

/** An engine with the real one's list: containers that carry all given labels, ended ones when `all` is set. */
function engineWith(containers: readonly Container[]): EngineReader {
  return async (path) => {
    const { pathname, searchParams } = new URL(path, "http://docker");
    expect(pathname).toBe("/containers/json");
    const { label: labels }: { label: readonly string[] } = JSON.parse(searchParams.get("filters") ?? "{}");
    return containers.filter(
      ({ Labels, State }) =>
        (searchParams.get("all") === "true" || State === "running") &&
        labels.every((label) => {
          const [name = "", value] = label.split("=");
          return Labels[name] === value;
        }),
    );
  };
}

const owner: ContainerOwner = { nodeId: "n-1", instanceId: "i-1" };
const workload = { id: "e-1", jobId: "j-1", namespace: "ns" } as Parameters<ReturnType<typeof ownership>["labels"]>[0];
const labelsOf = (id: string, by: ContainerOwner = owner) => ownership(engineWith([]), by).labels({ ...workload, id });

it("labels name the node, its instance, the execution, its job and its namespace", () => {
  expect(labelsOf("e-1")).toEqual({
    "shoal.node": "n-1",
    "shoal.instance": "i-1",
    "shoal.execution": "e-1",
    "shoal.job": "j-1",
    "shoal.namespace": "ns",
  });
});

it("a node finds its containers, running and ended, and none of another node or instance", async () => {
  const engine = engineWith([
    { Id: "1", Image: "image", Labels: labelsOf("e-1"), State: "running" },
    { Id: "2", Image: "image", Labels: labelsOf("e-2"), State: "exited" },
    { Id: "3", Image: "image", Labels: labelsOf("e-1", { ...owner, nodeId: "n-2" }), State: "running" },
    { Id: "4", Image: "image", Labels: labelsOf("e-1", { ...owner, instanceId: "i-2" }), State: "running" },
    { Id: "5", Image: "image", Labels: {}, State: "running" },
  ]);
  const own = ownership(engine, owner);
  expect(await own.containers()).toEqual([
    { id: "1", image: "image", executionId: "e-1", isGateway: false, state: "running" },
    { id: "2", image: "image", executionId: "e-2", isGateway: false, state: "exited" },
  ]);
  expect(await own.containers("e-2")).toEqual([
    { id: "2", image: "image", executionId: "e-2", isGateway: false, state: "exited" },
  ]);
  expect(await own.containers("e-3")).toEqual([]);
});

it("a container's name is unique to its execution and instance", () => {
  const name = (id: string, by = owner) => ownership(engineWith([]), by).containerName({ ...workload, id });
  expect(name("e-1")).toBe(name("e-1"));
  expect(name("e-1")).toMatch(/^shoal-e-1-[0-9a-f]{12}$/);
  const long = "e/1".repeat(50);
  const names = [name("e-1"), name("e-2"), name("e/1"), name("e-1", { ...owner, instanceId: "i-2" }), name(long)];
  expect(new Set(names).size).toBe(names.length);
  expect(name("e-1", { ...owner, nodeId: "n-2" })).toBe(name("e-1"));
  expect(name(long)).toMatch(/^shoal-[a-zA-Z0-9_.-]{64}-[0-9a-f]{12}$/);
});
