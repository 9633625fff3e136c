import { createDice, type Dice } from "@shoal/core/testing";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { FrozenParts } from "./frozen-parts.ts";
import { placeLimits } from "./place.ts";
import { decode, encode } from "./plain-maps.ts";
import { PlainReader } from "./plain-reader.ts";
import { PlainWriter, writerLimits } from "./plain-writer.ts";
import { unusual } from "./unusual.ts";

// The library is the measure of both: what it writes and reads, to the byte, is right.
const library = new Packr({ useRecords: false, mapsAsObjects: true });

/** A reader and a writer that remember nothing yet. */
function fresh() {
  const parts = new FrozenParts();
  const writer = new PlainWriter(parts);
  const reader = new PlainReader((whole) => parts.add(whole, (value) => writer.write(value)));
  return { reader, writer };
}

const words = [
  "",
  "batch",
  "default",
  "e-1",
  "Grüße",
  "日本",
  "x".repeat(31),
  "y".repeat(32),
  "z".repeat(300),
] as const;
const names = ["a", "id", "data", "jobId", "10", "constructor", "n".repeat(31), "m".repeat(40)] as const;
const numbers = [0, -0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 1.5, -1, -32, -33, -129] as const;
const odd = [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 40), 10n ** 18n, new Date(0), undefined] as const;

/** Any data that a log could hold, and now and then what it does not. */
function anyData(dice: Dice, depth = 0): unknown {
  const many = (make: () => unknown) => Array.from({ length: dice.between(0, 20 >> depth) }, make);
  const kinds = {
    text: () => dice.pick(words),
    id: () => `${dice.between(0, 1e9)}`,
    number: () => dice.pick(numbers),
    odd: () => (dice.chance(0.05) ? dice.pick(odd) : null),
    truth: () => dice.chance(0.5),
    list: () => many(() => anyData(dice, depth + 1)),
    map: () => Object.fromEntries(many(() => [dice.pick(names), anyData(dice, depth + 1)]) as [string, unknown][]),
  };
  const all = Object.values(kinds);
  return (all[dice.between(0, depth > 3 ? 4 : 6)] ?? kinds.text)();
}

/** The same again with a few things changed, as one job is like the next. */
function like(dice: Dice, data: unknown): unknown {
  if (dice.chance(0.1)) return anyData(dice, 3);
  if (Array.isArray(data)) return data.map((item) => like(dice, item));
  if (typeof data !== "object" || data === null || data instanceof Date) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, like(dice, value)]));
}

/** What comes of reading: a value, or that it cannot be read. */
function outcomeOf(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch {
    return "damaged";
  }
}

const seeds = Array.from({ length: 300 }, (_, index) => index + 1);

describe("what is quick", () => {
  it("writes what the library writes, and reads what the library reads", () => {
    for (const seed of seeds) {
      const dice = createDice(seed);
      const first = anyData(dice);
      // The first few are learnt, the others compared with what was.
      for (const data of Array.from({ length: 8 }, () => like(dice, first))) {
        const bytes = library.pack(data);
        expect(Buffer.compare(encode(data), bytes), `seed ${seed}`).toBe(0);
        const read = decode(bytes);
        expect(read, `seed ${seed}`).toEqual(library.unpack(bytes));
        // What was read may be written as what it was read from.
        expect(Buffer.compare(encode(read), library.pack(read)), `seed ${seed}`).toBe(0);
      }
    }
  });

  it("reads bytes that are damaged, cut off or too long as the library does", () => {
    for (const seed of seeds) {
      const dice = createDice(`damage ${seed}`);
      const whole = library.pack(anyData(dice));
      decode(whole);
      for (let round = 0; round < 20; round++) {
        const bytes = Buffer.from(whole.subarray(0, dice.between(0, whole.length)));
        if (bytes.length > 0 && dice.chance(0.7)) bytes[dice.between(0, bytes.length - 1)] = dice.between(0, 255);
        const longer = dice.chance(0.2) ? Buffer.concat([bytes, Buffer.of(dice.between(0, 255))]) : bytes;
        const quick = outcomeOf(() => decode(longer));
        expect(quick, `seed ${seed}`).toEqual(outcomeOf(() => library.unpack(longer)));
      }
    }
  });

  it.each([
    ["fields behind one another", { id: "1", at: 1_790_000_000_000, events: [{ type: "JobQueued", data: {} }] }],
    ["numbers of each length", numbers.filter((number) => number >= 0 && !Object.is(number, -0))],
    ["texts", words.filter((word) => /^[ -~]*$/.test(word))],
    ["nothing", [null, true, false, {}, []]],
  ])("does %s by itself", (_, data) => {
    const { reader, writer } = fresh();
    const bytes = writer.write(data);
    expect(bytes).toEqual(library.pack(data));
    expect(reader.read(library.pack(data))).toEqual(data);
  });

  it.each([
    ["text beyond ASCII", "Grüße"],
    ["whole numbers below zero", -1],
    ["bytes", Buffer.of(1)],
    ["a date", new Date(0)],
    ["nothing at all", [undefined]],
    ["what is too large", "x".repeat(writerLimits.bytes)],
    ["many large things", Array.from({ length: 100 }, () => "x".repeat(1_000))],
  ])("leaves %s to the library", (_, data) => {
    expect(fresh().writer.write(data)).toBeUndefined();
    expect(Buffer.compare(encode(data), library.pack(data))).toBe(0);
  });

  it("writes what just fits, and nothing that just does not", () => {
    // Whatever comes last, a name, a text or a number, stands across the end in one of them.
    for (let spare = 0; spare < 60; spare++) {
      const { writer } = fresh();
      const behind = { aNewName: 1.5, another: "text" };
      const data = { filler: "x".repeat(writerLimits.bytes - spare), behind };
      const bytes = library.pack(data);
      const written = writer.write(data);
      expect(written === undefined).toBe(bytes.length > writerLimits.bytes);
      if (written !== undefined) expect(Buffer.compare(written, bytes)).toBe(0);
      expect(writer.write(behind)).toEqual(library.pack(behind));
    }
  });

  it.each([
    ["text beyond ASCII", library.pack(["Grüße"])],
    ["a number of 64 bits", library.pack(10n ** 18n)],
    ["more levels than anybody needs", Buffer.concat([Buffer.alloc(placeLimits.levels + 1, 0x91), Buffer.of(1)])],
    ["the name of a prototype", Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from("__proto__"), Buffer.of(1)])],
    ["a name that is a number", Buffer.of(0x81, 1, 1)],
  ])("does not read %s", (_, bytes) => {
    expect(fresh().reader.read(bytes)).toBe(unusual);
  });

  it("changes nobody's prototype", () => {
    const bytes = Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from("__proto__"), library.pack({ admin: true })]);
    expect(decode(bytes)).toEqual(library.unpack(bytes));
    expect(decode(bytes)).not.toHaveProperty("admin");
  });
});

describe("what is remembered", () => {
  const task = { name: "main", engine: { type: "noop", params: { note: "long enough to be worth remembering" } } };
  const job = (id: string, more: object = {}) => ({ id, tasks: [{ ...task, ...more }] });

  it("is the same object when the same bytes come again, which nobody can change", () => {
    const { reader } = fresh();
    const [one, two] = ["1", "2"].map((id) => reader.read(library.pack(job(id))));
    expect([one, two]).toEqual([job("1"), job("2")]);
    expect(one).toHaveProperty(
      "tasks",
      expect.toSatisfy((tasks) => tasks === Object(two).tasks),
    );
    expect(() => Object(one).tasks.push(task)).toThrow(TypeError);
    expect(() => Object.assign(Object(one).tasks[0].engine, { type: "wasm" })).toThrow(TypeError);
  });

  it("is written as what it was read from", () => {
    const { reader, writer } = fresh();
    for (const id of ["1", "2", "3"]) {
      const read = reader.read(library.pack(job(id)));
      expect(writer.write({ copy: read, tasks: Object(read).tasks })).toEqual(
        library.pack({ copy: job(id), tasks: job(id).tasks }),
      );
    }
  });

  it("is written as the library does also when somebody else wrote it otherwise", () => {
    const { reader, writer } = fresh();
    // Maps with a head of one byte, as most other libraries write them.
    const foreign = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });
    for (const id of ["1", "2", "3"]) {
      const bytes = foreign.pack(job(id));
      expect(Buffer.compare(bytes, library.pack(job(id)))).not.toBe(0);
      expect(writer.write(reader.read(bytes))).toEqual(library.pack(job(id)));
    }
  });

  it("ends where maps have names of their own", () => {
    const { reader } = fresh();
    for (let index = 0; index < 10 * placeLimits.choices; index++) {
      const data = { meta: { [`key-${index}`]: { value: `${index}` } }, behind: index };
      expect(reader.read(library.pack(data))).toEqual(data);
    }
  });

  it("is forgotten before it is too much", () => {
    const { reader } = fresh();
    const dice = createDice("places");
    const deep = (levels: number): object =>
      levels === 0 ? {} : Object.fromEntries([1, 2, 3].map(() => [`k${dice.between(1, 8)}`, deep(levels - 1)]));
    const remembered: number[] = [];
    for (let round = 0; round < 400; round++) {
      const data = deep(5);
      expect(reader.read(library.pack(data))).toEqual(data);
      remembered.push(reader.places);
    }
    // The last one before it forgets may go over the limit by what it brings.
    expect(Math.max(...remembered)).toBeLessThan(placeLimits.places + 3 ** 6);
    expect(remembered.some((places, round) => places < (remembered[round - 1] ?? 0))).toBe(true);
  });
});
