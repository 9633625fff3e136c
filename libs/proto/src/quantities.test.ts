import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addResources,
  noResources,
  parseBytes,
  parseCpu,
  parseGpu,
  type Resources,
  shortage,
  timesFitting,
} from "./quantities.ts";

const good: readonly (readonly [parse: typeof parseCpu, text: string, value: number])[] = [
  [parseCpu, "500m", 0.5],
  [parseCpu, "0.5", 0.5],
  [parseCpu, "2", 2],
  [parseCpu, ".25", 0.25],
  [parseCpu, " 1 ", 1],
  [parseBytes, "0", 0],
  [parseBytes, "1024", 1024],
  [parseBytes, "512Mb", 512e6],
  [parseBytes, "512MB", 512e6],
  [parseBytes, "1GiB", 2 ** 30],
  [parseBytes, "1.5gb", 1.5e9],
  [parseBytes, "1 Ki", 1024],
  [parseBytes, "0.5b", 0],
  [parseGpu, "0", 0],
  [parseGpu, " 4 ", 4],
];

const bad: readonly (readonly [parse: typeof parseCpu, text: string])[] = [
  [parseCpu, ""],
  [parseCpu, "-1"],
  [parseCpu, "1k"],
  [parseCpu, "one"],
  [parseCpu, "1e3"],
  [parseBytes, "12 apples"],
  [parseBytes, "-1"],
  [parseBytes, "NaN"],
  [parseBytes, "Infinity"],
  [parseBytes, "999999999999999999"],
  [parseBytes, "1..5"],
  [parseGpu, "1.5"],
  [parseGpu, "-1"],
  [parseGpu, "12345"],
];

describe("quantities", () => {
  it.each(good)("%o parses %s", (parse, text, value) => {
    expect(parse(text)).toEqual({ ok: true, value });
  });
  it.each(bad)("%o refuses %s and quotes it", (parse, text) => {
    const parsed = parse(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.why).toContain(`"${text}"`);
  });
  it("never throw and never return a negative or infinite number, for any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,20}[a-zA-Z]{0,3}$/)), (text) => {
        for (const parse of [parseCpu, parseBytes, parseGpu]) {
          const parsed = parse(text);
          if (parsed.ok) expect(parsed.value).toBeGreaterThanOrEqual(0);
          if (parsed.ok) expect(Number.isFinite(parsed.value)).toBe(true);
        }
      }),
    );
  });
  it("accept every unit in any case", () => {
    fc.assert(
      fc.property(fc.nat(8), fc.constantFrom("k", "Mi", "GB", "tib", "Pb"), (count, unit) => {
        expect(parseBytes(`${count}${unit.toUpperCase()}`)).toEqual(parseBytes(`${count}${unit.toLowerCase()}`));
      }),
    );
  });
});

const resources: fc.Arbitrary<Resources> = fc.record({
  cpuCores: fc.integer({ min: 0, max: 64_000 }).map((milli) => milli / 1000),
  memoryBytes: fc.nat(2 ** 40),
  diskBytes: fc.nat(2 ** 40),
  gpus: fc.nat(16),
});

describe("resources", () => {
  it("are unchanged after an addition and the same subtraction, without rounding errors", () => {
    fc.assert(
      fc.property(resources, resources, fc.nat(50), (have, each, times) => {
        expect(addResources(addResources(have, each, times), each, -times)).toEqual(have);
      }),
    );
  });
  it("never become negative", () => {
    expect(addResources(noResources, { cpuCores: 1, memoryBytes: 1, diskBytes: 1, gpus: 1 }, -3)).toEqual(noResources);
  });
  it("fit as often as they can be subtracted without a shortage, and not once more", () => {
    fc.assert(
      fc.property(resources, resources, (expected, free) => {
        const times = timesFitting(expected, free, 100);
        const all = addResources(noResources, expected, times);
        // A millionth of a core is what rounding leaves.
        expect(all.cpuCores).toBeLessThanOrEqual(free.cpuCores + 1e-6);
        expect(shortage({ ...all, cpuCores: 0 }, free)).toBeUndefined();
        if (times < 100)
          expect(shortage(addResources(all, expected), { ...free, cpuCores: free.cpuCores - 1e-6 })).toBeDefined();
      }),
    );
  });
  it("do not fit once more when a few bytes of many are missing", () => {
    const expected = { ...noResources, diskBytes: 17_179_869_152 };
    const free = (diskBytes: number) => ({ ...noResources, diskBytes });
    expect(timesFitting(expected, free(32 * expected.diskBytes), 100)).toBe(32);
    expect(timesFitting(expected, free(32 * expected.diskBytes - 17), 100)).toBe(31);
  });
  it("fit n times into a core as shares of 1/n, despite rounding", () => {
    const cores = (cpuCores: number) => ({ ...noResources, cpuCores });
    expect(timesFitting(cores(0.1), cores(0.3), 9)).toBe(3);
    const shares = Array.from({ length: 32 }, (_, index) => index + 1);
    expect(shares.map((n) => timesFitting(cores(1 / n), cores(1), 99))).toEqual(shares);
  });
  it("name the first resource that is short, the amount needed and the amount free", () => {
    expect(shortage({ ...noResources, gpus: 2 }, noResources)).toBe("needs 2 gpus, 0 are free");
    expect(shortage(noResources, noResources)).toBeUndefined();
  });
});
