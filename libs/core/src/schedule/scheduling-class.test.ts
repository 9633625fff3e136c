import { type Constraint, JobSpec, type NodeInfo, Requirements, requirementsBytesMax } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleInfo } from "../testing/samples.ts";
import { askedOf, requirementsOf } from "./requirements.ts";
import { advertisesSame, classKeyOf, SchedulingClass } from "./scheduling-class.ts";

function required(task: object = {}, job: object = {}): Requirements {
  const spec = JobSpec.parse({ type: "batch", ...job, tasks: [{ engine: { type: "noop" }, ...task }] });
  const requirements = requirementsOf(spec);
  if (requirements === undefined) throw new Error("a job has a task");
  return requirements;
}
const keyOf = (task?: object, job?: object) => classKeyOf(required(task, job));
const sized = (cpu: string) => ({ resources: { cpu, memory: "1Gb" } });
const constraint = (key: string, value: string): Constraint => ({ key, operator: "=", values: [value] });

describe("a scheduling class", () => {
  it("is shared by jobs that the same nodes fit", () => {
    expect(keyOf({ engine: { type: "NoOp", params: { a: 1 } } })).toBe(keyOf());
    expect(keyOf(sized("3"))).toBe(keyOf(sized("4")));
    const ab = { constraints: [constraint("a", "1"), constraint("b", "2"), constraint("favour_c", "3")] };
    expect(keyOf({}, ab)).toBe(keyOf({}, { constraints: [constraint("b", "2"), constraint("a", "1")] }));
  });

  it("differs for every requirement that a node may lack", () => {
    const others = [
      keyOf(),
      keyOf({ engine: { type: "docker" } }),
      keyOf({ publisher: { type: "local" } }),
      keyOf({ inputSources: [{ source: { type: "s3" }, target: "/in" }] }),
      keyOf({ network: { type: "full" } }),
      keyOf({ env: { A: "env:TOKEN" } }),
      keyOf({}, { constraints: [constraint("a", "1")] }),
      keyOf(sized("4")),
      keyOf(sized("5")),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  it("has no key of more than its limit", () => {
    const constraints = Array.from({ length: 256 }, (_, index) => constraint(`key-${index}`, "x".repeat(100)));
    expect(keyOf({}, { constraints })).toBeUndefined();
  });

  it("tracks the nodes that fit as they join, change and leave", () => {
    const infos: fc.Arbitrary<NodeInfo> = fc
      .record({ id: fc.integer({ min: 0, max: 5 }), engine: fc.constantFrom("noop", "docker"), cpuCores: fc.nat(8) })
      .map(({ id, engine, cpuCores }) => {
        const info = sampleInfo(`n-${id}`);
        return { ...info, engines: [engine], perTask: { ...info.perTask, cpuCores } };
      });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), infos)), (steps) => {
        const nodes = new Map<string, NodeInfo>();
        const of = new SchedulingClass(required(sized("4")), []);
        for (const [comes, info] of steps) {
          if (comes) nodes.set(info.nodeId, info);
          else nodes.delete(info.nodeId);
          if (comes) of.put(info);
          else of.remove(info.nodeId);
        }
        // Jobs of this class need more than 2 cores and up to 4.
        const fitting = [...nodes.values()].filter(
          ({ engines, perTask }) => engines.includes("noop") && perTask.cpuCores >= 2,
        );
        expect([...of.eligible.ids()].toSorted()).toEqual(fitting.map(({ nodeId }) => nodeId).toSorted());
        const fresh = new SchedulingClass(required(sized("4")), nodes.values());
        expect([...fresh.eligible.ids()].toSorted()).toEqual([...of.eligible.ids()].toSorted());
      }),
    );
  });

  it("reacts to a change of what a node advertises, not to its load", () => {
    const info = sampleInfo();
    expect(advertisesSame(info, { ...info, running: 3, available: { ...info.available, cpuCores: 0 } })).toBe(true);
    const changes: readonly Partial<NodeInfo>[] = [
      { engines: [] },
      { publishers: ["s3"] },
      { sources: [] },
      { labels: { ...info.labels, zone: "b" } },
      { labels: { zone: "a", os: "linux" } },
      { perTask: { ...info.perTask, gpus: 1 } },
    ];
    for (const change of changes) expect(advertisesSame(info, { ...info, ...change })).toBe(false);
  });
});

describe("the requirements of an ask", () => {
  it("are below the limit for any spec, and valid", () => {
    const text = fc.string({ unit: "binary", maxLength: 250 }).map((chars) => `a${chars}`);
    const params = fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ unit: "binary", maxLength: 3_000 }), {
      maxKeys: 3,
    });
    const requirements: fc.Arbitrary<Requirements> = fc.record({
      engine: fc.record({ type: text, params }),
      publisher: fc.record({ type: text, params }),
      sources: fc.array(fc.record({ type: text, params, target: text }), { maxLength: 60 }),
      resultPaths: fc.array(
        text.map((name) => ({ name: "r", path: `/${name}` })),
        { maxLength: 60 },
      ),
      hostVariables: fc.array(text, { maxLength: 60 }),
      network: fc.constant({ type: "default" as const, hasPorts: false }),
      constraints: fc.array(
        text.map((value) => constraint("key", value)),
        { maxLength: 60 },
      ),
      resources: fc.constant({ cpuCores: 0.3, memoryBytes: 1, diskBytes: 0, gpus: 0 }),
    });
    fc.assert(
      fc.property(requirements, (all) => {
        const asked = askedOf(all);
        expect(new TextEncoder().encode(JSON.stringify(asked)).length).toBeLessThanOrEqual(requirementsBytesMax);
      }),
      { numRuns: 50 },
    );
  });

  it("are complete for a usual job, without inline data", () => {
    const defaults = required(
      {
        engine: { type: "docker", params: { Image: "busybox" } },
        publisher: { type: "s3", params: { Bucket: "b" } },
        inputSources: [{ source: { type: "inline", params: { Url: `data:,${"x".repeat(2_000)}` } }, target: "/in" }],
        resultPaths: [{ name: "out", path: "/out" }],
        env: { A: "env:TOKEN" },
      },
      { constraints: [constraint("a", "1")] },
    );
    expect(askedOf(defaults)).toEqual({ ...defaults, sources: [{ type: "inline", target: "/in" }] });
    expect(Requirements.parse(askedOf(defaults))).toEqual(askedOf(defaults));
  });
});
