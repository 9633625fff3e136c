import { levelsMax } from "@shoal/proto";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, messageBytesMax } from "./message-codec.ts";

const rich = new Packr({ moreTypes: true, structuredClone: true, useRecords: true });
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe("a message that is not stored", () => {
  it("is decoded unchanged", () => {
    const data = fc.jsonValue({ noUnicodeString: false });
    fc.assert(
      fc.property(data, (value) => {
        expect(JSON.stringify(decodeMessage(encodeMessage(value)))).toBe(JSON.stringify(value));
      }),
    );
  });
  it("is plain MessagePack with field names", () => {
    expect(Buffer.from(encodeMessage({ a: [1, "x"] })).toString("hex")).toBe("81a16192" + "01" + "a178");
  });
  it("may have at most the maximum number of levels", () => {
    expect(decodeMessage(encodeMessage(nested(levelsMax)))).toEqual(nested(levelsMax));
    expect(decodeMessage(encodeMessage(nested(levelsMax + 1)))).toBeUndefined();
    expect(decodeMessage(Buffer.alloc(messageBytesMax, 0x91))).toBeUndefined();
  });
  it("changes no prototype", () => {
    const name = Buffer.from("__proto__");
    const bytes = Buffer.concat([Buffer.of(0x81, 0xa0 + name.length), name, encodeMessage({ admin: true })]);
    const data = decodeMessage(bytes);
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(data).not.toHaveProperty("admin");
    expect({}).not.toHaveProperty("admin");
  });
  const cycle: unknown[] = [];
  cycle.push(cycle);
  it.each<readonly [string, Uint8Array]>([
    ["no bytes", new Uint8Array()],
    ["half of a message", encodeMessage({ a: "long enough" }).subarray(0, 5)],
    ["more than one", Buffer.concat([encodeMessage(1), encodeMessage(2)])],
    ["more bytes than a server takes", encodeMessage("x".repeat(messageBytesMax))],
    ["a list with a length above all memory", Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ["NaN", encodeMessage({ at: Number.NaN })],
    ["an integer above the range of JavaScript", Buffer.of(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ["an undefined element", encodeMessage([undefined])],
    ["bytes", encodeMessage({ data: new Uint8Array(3) })],
    ["a date", encodeMessage({ at: new Date(1_700_000_000_500) })],
    ["a set", rich.pack({ a: new Set([1]) })],
    ["an expression", rich.pack({ a: /(a+)+$/ })],
    ["an error", rich.pack({ a: new Error("x") })],
    ["a cycle", rich.pack(cycle)],
  ])("is not read from %s", (_what, bytes) => {
    expect(decodeMessage(bytes)).toBeUndefined();
  });
  it("never throws in its reader", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeMessage(bytes)));
  });
});
