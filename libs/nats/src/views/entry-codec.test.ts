import { expect, it } from "vitest";
import { decodeEntry, encodeEntry } from "./entry-codec.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

it("an entry is decoded unchanged", () => {
  const entry = { seq: 7, job: { id: "j", text: "ö", list: [null, true] } };
  expect(decodeEntry(encodeEntry(entry))).toStrictEqual(entry);
  expect(encodeEntry({ ...entry, absent: undefined })).toEqual(encodeEntry(entry));
});

it("an entry that begins with the field __proto__ changes no prototype", () => {
  const entry = decodeEntry(bytesOf('{"v":1,"seq":7,"__proto__":{"polluted":true}}'));
  expect(Object.getPrototypeOf(entry)).toBe(Object.prototype);
  expect(entry).not.toHaveProperty("polluted");
});

it.each([
  "",
  "x",
  "[1]",
  '{"v":1}',
  '{"v":1,"seq":"7"}',
  '{"v":2,"seq":7}',
  // A server's acknowledgement of a stored message.
  '{"stream":"REPORTS","seq":7}',
  '{"stream":"REPORTS","domain":"hub","seq":7,"duplicate":true}',
])("%s is no entry", (text) => {
  expect(decodeEntry(bytesOf(text))).toBeUndefined();
});
