import { addResources, type Resources, shortage } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseVictims, compareVictims, type PreemptibleExecution } from "./choose-victims.ts";

const cores = (cpuCores: number, gpus = 0): Resources => ({ cpuCores, memoryBytes: 0, diskBytes: 0, gpus });

function execution(
  executionId: string,
  priority: number,
  { resources = cores(1), assignedAt = 0 }: Partial<PreemptibleExecution> = {},
): PreemptibleExecution {
  return { executionId, jobId: `j-${executionId}`, namespace: "default", priority, assignedAt, resources };
}

function chosen(executions: readonly PreemptibleExecution[], each: Resources, available = cores(0)) {
  return chooseVictims(executions, { each, available, preemptsUpTo: 40 })
    ?.map(({ executionId }) => executionId)
    .toSorted();
}

describe("victims", () => {
  it("have the lowest priorities that make room", () => {
    const running = [execution("a", 30), execution("b", 10), execution("c", 20), execution("d", 10)];
    expect(chosen(running, cores(1))).toHaveLength(1);
    expect(chosen(running, cores(2))).toEqual(["b", "d"]);
    expect(chosen(running, cores(3))).toEqual(["b", "c", "d"]);
  });
  it("are not above the limit, however much they would free", () => {
    expect(chosen([execution("a", 41, { resources: cores(8) }), execution("b", 40)], cores(2))).toBeUndefined();
    expect(chosen([execution("a", 41, { resources: cores(8) }), execution("b", 40)], cores(1))).toEqual(["b"]);
  });
  it("are as few as possible within a priority, and the youngest", () => {
    const small = ["a", "b", "c"].map((id, index) => execution(id, 10, { assignedAt: -index }));
    expect(chosen([...small, execution("large", 10, { resources: cores(3) })], cores(2))).toEqual(["large"]);
    expect(chosen(small, cores(2))).toEqual(["a", "b"]);
  });
  it("of a low priority are spared when those of a higher one are needed and suffice", () => {
    expect(chosen([execution("low", 10), execution("high", 20, { resources: cores(4) })], cores(4))).toEqual(["high"]);
  });
  it("of a higher priority are spared rather than those of a lower one", () => {
    const two = { resources: cores(2) };
    const running = [
      execution("low", 10),
      execution("high", 20, two),
      execution("young", 20, { ...two, assignedAt: 5 }),
    ];
    expect(chosen(running, cores(3))).toEqual(["low", "young"]);
  });
  it("have the kind of resource that is missing", () => {
    const running = [execution("cpu", 10, { resources: cores(4) }), execution("gpu", 20, { resources: cores(1, 1) })];
    expect(chosen(running, cores(1, 1), cores(2))).toEqual(["gpu"]);
  });
  it("are none when there is room, or when no number of them makes any", () => {
    expect(chosen([execution("a", 10)], cores(1), cores(1))).toEqual([]);
    expect(chosen([execution("a", 10)], cores(9))).toBeUndefined();
    expect(
      chosen(
        Array.from({ length: 65 }, (_, index) => execution(`e-${index}`, 0)),
        cores(65),
      ),
    ).toBeUndefined();
  });
  it("always make room, are allowed, and none of them is superfluous", () => {
    const drawn = fc.array(
      fc.record({ priority: fc.integer({ min: 36, max: 42 }), cpu: fc.nat(4), gpus: fc.nat(1), at: fc.nat(9) }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(drawn, fc.nat(8), fc.nat(1), (given, cpu, gpus) => {
        const running = given.map(({ priority, cpu: own, gpus: devices, at }, index) =>
          execution(`e-${index}`, priority, { resources: cores(own, devices), assignedAt: at }),
        );
        const fits = (victims: readonly PreemptibleExecution[]) =>
          shortage(
            cores(cpu, gpus),
            victims.reduce((sum, { resources }) => addResources(sum, resources), cores(1)),
          ) === undefined;
        const allowed = running.filter(({ priority }) => priority <= 40);
        const victims = chooseVictims(running, { each: cores(cpu, gpus), available: cores(1), preemptsUpTo: 40 });
        expect(victims !== undefined).toBe(fits(allowed));
        if (victims === undefined) return;
        expect(fits(victims) && victims.every((victim) => allowed.includes(victim))).toBe(true);
        const highest = Math.max(-1, ...victims.map(({ priority }) => priority));
        expect(victims.length > 0 && fits(allowed.filter(({ priority }) => priority < highest))).toBe(false);
        for (const victim of victims) expect(fits(victims.filter((other) => other !== victim))).toBe(false);
      }),
    );
  });
  it("of one node are preferred to those of another by priority, number and age", () => {
    const [low, old, young] = [execution("a", 0), execution("b", 10), execution("c", 10, { assignedAt: 5 })];
    const sets = [[old, young], [old], [young], [low, low], []];
    expect(sets.toSorted(compareVictims)).toEqual([[], [low, low], [young], [old], [old, young]]);
  });
});
