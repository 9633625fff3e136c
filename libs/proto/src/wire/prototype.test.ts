import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fromWire, readParams, toWire } from "./codec.ts";

// As a client sends it: JSON.parse makes `__proto__` an own key.
const hostile = (): Record<string, unknown> => JSON.parse('{"__proto__": {"image": "x", "Image": "x"}}');

const Params = z.looseObject({ image: z.string().optional() });
const Holder = z.object({ params: z.custom<Record<string, unknown>>(), texts: z.record(z.string(), z.unknown()) });

describe("a key __proto__ from the wire", () => {
  it("does not set the prototype of a part's params, and adds no field", () => {
    const read = readParams(Params, hostile());
    expect(read).toEqual({ ok: true, value: expect.anything(), unknown: [] });
    if (!read.ok) return;
    expect(Object.getPrototypeOf(read.value)).toBe(Object.prototype);
    expect(read.value.image).toBeUndefined();
  });

  it("does not replace a required field of a part's params", () => {
    const read = readParams(z.looseObject({ image: z.string() }), hostile());
    expect(read).toEqual({ ok: false, problems: [expect.stringContaining("Image")] });
  });

  it("is an ordinary key of a map, in both directions", () => {
    const Texts = z.record(z.string(), z.custom<unknown>());
    const written = toWire(Texts, hostile()) as object;
    expect(Object.getPrototypeOf(written)).toBe(Object.prototype);
    expect(Object.keys(written)).toEqual(["__proto__"]);
    const read = fromWire(Holder, { Params: {}, Texts: hostile() });
    expect(read).toMatchObject({ ok: true });
    if (!read.ok) return;
    expect(Object.getPrototypeOf(read.value.texts)).toBe(Object.prototype);
    expect(read.value.texts).not.toHaveProperty("image");
  });
});
