import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JobEntity } from "../api/job.ts";
import { JobSpec } from "../job/spec.ts";
import { fromWire, readBack, toWire } from "./codec.ts";

const text = fc.string({ maxLength: 20 }).map((value) => value.replaceAll("\0", ""));
const params = fc.dictionary(
  fc.string({ maxLength: 10 }),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())),
  {
    maxKeys: 4,
    noNullPrototype: true,
  },
);
const map = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true });
const task = fc.record({
  name: fc.stringMatching(/^[a-z]{1,10}$/),
  engine: fc.record({ type: fc.constantFrom("docker", "wasm", "noop"), params }),
  env: fc.dictionary(fc.stringMatching(/^[A-R][A-Z0-9_]{0,8}$/), fc.stringMatching(/^.{1,10}$/), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  meta: map,
  resources: fc.record({ cpu: fc.constantFrom("", "500m", "2"), memory: fc.constantFrom("", "1GiB") }),
  network: fc.oneof(
    fc.record({ type: fc.constantFrom("none", "host", "bridge", "full") }),
    fc.record({ type: fc.constant("http"), domains: fc.constant([".example.org", "192.0.2.1"]) }),
    fc.record({ type: fc.constant("bridge"), ports: fc.constant([{ name: "web", static: 8080, target: 80 }]) }),
  ),
  timeouts: fc.record({ executionTimeout: fc.nat(100), queueTimeout: fc.nat(100) }),
});
const spec: fc.Arbitrary<JobSpec> = fc
  .record({
    name: text,
    namespace: fc.constantFrom("default", "blue"),
    type: fc.constantFrom("batch", "ops", "service", "daemon"),
    priority: fc.integer({ min: -100, max: 100 }),
    count: fc.nat(1000),
    meta: map,
    labels: map,
    constraints: fc.array(
      fc.record({ key: fc.constant("zone"), operator: fc.constant("in"), values: fc.constant(["a", "b"]) }),
      { maxLength: 2 },
    ),
    tasks: fc.array(task, { minLength: 1, maxLength: 1 }),
  })
  // Ops and daemon jobs run on all nodes.
  .map(({ count, ...given }) =>
    JobSpec.parse({ ...given, count: given.type === "ops" || given.type === "daemon" ? 1 : count }),
  );

/** The same JSON with every key of the wire format in another case; keys inside maps and params stay. */
function shout(json: unknown, inside = false): unknown {
  if (Array.isArray(json)) return json.map((item) => shout(item, inside));
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      inside ? key : key.toUpperCase(),
      shout(value, inside || maps.has(key)),
    ]),
  );
}
const maps = new Set(["Params", "Meta", "Labels", "Env"]);

describe("the wire format of a job", () => {
  it("reads back what it writes", () => {
    fc.assert(
      fc.property(spec, (job) => {
        const json = JSON.parse(JSON.stringify(toWire(JobSpec, job)));
        expect(fromWire(JobSpec, json)).toEqual({ ok: true, value: job, unknown: [] });
      }),
    );
  });
  it("reads keys in any case, and does not change the keys of maps", () => {
    fc.assert(
      fc.property(spec, (job) => {
        expect(fromWire(JobSpec, shout(toWire(JobSpec, job)))).toEqual({ ok: true, value: job, unknown: [] });
      }),
    );
  });
  it("writes times in nanoseconds and states as words, and reads them back", () => {
    fc.assert(
      fc.property(spec, fc.constantFrom("pending", "running", "failed"), fc.nat(2 ** 40), (job, stateType, at) => {
        const entity = JobEntity.parse({
          id: "j-1",
          ...job,
          state: { stateType, message: "", details: {} },
          version: 1,
          revision: 2,
          createTime: at,
          modifyTime: at,
        });
        const json = toWire(JobEntity, entity);
        expect(json).toMatchObject({ ID: "j-1", CreateTime: at * 1e6 });
        expect(fromWire(JobEntity, json)).toMatchObject({ ok: true, value: entity });
        const written = JSON.parse(JSON.stringify(json));
        expect(toWire(JobEntity, readBack(JobEntity, written))).toEqual(written);
      }),
    );
  });
  it("lists unknown keys", () => {
    const read = fromWire(JobSpec, { Type: "batch", Colour: "red", Tasks: [{ Engine: { Type: "noop" }, Speed: 3 }] });
    expect(read).toMatchObject({ ok: true, unknown: ["Colour", "Tasks.0.Speed"] });
  });
  it("never throws, and accepts no prototype, for any input", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.anything()), (anything) => {
        const read = fromWire(JobSpec, anything);
        expect(typeof read.ok).toBe("boolean");
      }),
    );
    const hostile = JSON.parse(
      '{"Type":"batch","Meta":{"__proto__":"x"},"__proto__":{"Count":7},"Tasks":[{"Engine":{"Type":"noop"}}]}',
    );
    const read = fromWire(JobSpec, hostile);
    expect(read).toMatchObject({ ok: true, value: { count: 1 } });
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});
