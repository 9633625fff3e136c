import { describe, expect, it } from "vitest";
import { z } from "zod";
import { JobSpec } from "../job/spec.ts";
import { fromWire, readParams } from "./codec.ts";
import { wireLimits } from "./fold-keys.ts";

/** An object that counts how often one of its values is read. */
function counted(keys: readonly string[]) {
  const reads: string[] = [];
  const object = new Proxy(Object.fromEntries(keys.map((key) => [key, 1])), {
    get(target, key) {
      reads.push(String(key));
      return Reflect.get(target, key);
    },
  });
  return { object, reads };
}

const { fieldsMax, entriesMax } = wireLimits;
const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`);

describe("an object from the wire", () => {
  it.each([
    ["too many fields", keysOf(fieldsMax + 1)],
    ["two spellings of a field", [...keysOf(fieldsMax - 2), "CreateTime", "createTIME"]],
  ])("with %s is refused before any of its values is read", (_, keys) => {
    const { object, reads } = counted(keys);
    expect(fromWire(JobSpec, object)).toMatchObject({ ok: false, problems: [expect.stringMatching(/expected/)] });
    expect(reads).toEqual([]);
  });
  it("has each value read once", () => {
    const { object, reads } = counted(keysOf(fieldsMax));
    fromWire(JobSpec, object);
    expect(reads).toHaveLength(fieldsMax);
  });
  it("is named in the problem, with a long key truncated", () => {
    const long = "x".repeat(5000);
    const read = fromWire(z.object({ inner: z.object({}) }), { Inner: { [long]: 1, [long.toUpperCase()]: 2 } });
    expect(read).toMatchObject({ ok: false, problems: [expect.stringMatching(/^Inner: expected each field once/)] });
    expect(JSON.stringify(read).length).toBeLessThan(1000);
  });
});

describe("a map from the wire", () => {
  const Holder = z.object({ env: z.record(z.string(), z.number()) });
  it("retains keys that differ in case alone, up to its limit", () => {
    const env = { PATH: 1, path: 2, Path: 3 };
    expect(fromWire(Holder, { Env: env })).toMatchObject({ ok: true, value: { env } });
    const { object } = counted(keysOf(entriesMax));
    expect(fromWire(Holder, { Env: object })).toMatchObject({ ok: true });
  });
  it("above its limit is refused before any of its values is read", () => {
    const { object, reads } = counted(keysOf(entriesMax + 1));
    const problem = expect.stringMatching(/^Env: expected at most 1024 entries in a map, got 1025$/);
    expect(fromWire(Holder, { Env: object })).toEqual({ ok: false, problems: [problem] });
    expect(reads).toEqual([]);
  });
});

describe("params of a part", () => {
  const Params = z.looseObject({ image: z.string() });
  it("may not have one key in two spellings", () => {
    const read = readParams(Params, { Image: "trusted", IMAGE: "other" });
    expect(read).toEqual({ ok: false, problems: [expect.stringMatching(/^Params: .*"Image" and "IMAGE"/)] });
  });
  it("may have two spellings of a key that the schema does not name", () => {
    expect(readParams(Params, { Image: "a", x: 1, X: 2 })).toMatchObject({
      ok: true,
      value: { image: "a", x: 1, X: 2 },
    });
  });
});
