import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeJson, encodeJson } from "./json.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("JSON as it is stored", () => {
  it("is decoded unchanged, with any text", () => {
    // -0 and 0 are one number in JSON.
    const value = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ noUnicodeString: false }));
    fc.assert(
      fc.property(value, (data) => {
        expect(JSON.stringify(decodeJson(encodeJson(data)))).toBe(JSON.stringify(data));
      }),
    );
  });
  it("keeps half a surrogate pair, which UTF-8 cannot encode", () => {
    expect(decodeJson(encodeJson({ text: "a\ud800b" }))).toEqual({ text: "a\ud800b" });
  });
  it.each(["__proto__", "\\u005f_proto__", "constructor"])("treats a field named %s as an ordinary one", (name) => {
    const data = decodeJson(bytesOf(`{"a":{"${name}":{"polluted":true}}}`));
    const { a } = data as { readonly a: object };
    expect(Object.getPrototypeOf(a)).toBe(Object.prototype);
    expect(Object.keys(a)).toEqual([JSON.parse(`"${name}"`)]);
    expect(a).not.toHaveProperty("polluted");
    expect({}).not.toHaveProperty("polluted");
    expect(decodeJson(encodeJson({ a }))).toEqual(data);
  });
  it.each([
    ["nothing", new Uint8Array()],
    ["half of a text", bytesOf('{"a":')],
    ["bytes that are no UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
    ["a byte order mark", bytesOf('\ufeff{"a":1}')],
  ])("is not read from %s", (_what, bytes) => {
    expect(decodeJson(bytes)).toBeUndefined();
  });
  it("may be nested as deep as a message is long", () => {
    const levels = 200_000;
    expect(decodeJson(bytesOf(`${"[".repeat(levels)}${"]".repeat(levels)}`))).toBeInstanceOf(Array);
  });
});
