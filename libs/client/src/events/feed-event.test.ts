import { expect, it } from "vitest";
import { feedEventOf, isBehind } from "./feed-event.ts";

const cloudEvent = {
  specversion: "1.0",
  id: "12.1",
  source: "/shoal",
  type: "shoal.JobStarted",
  subject: "j",
  time: "t",
  data: {},
};
const at = (id: string) => feedEventOf({ id, data: JSON.stringify(cloudEvent) });

it("reads the type and the position of an event", () => {
  expect(at("12.1")).toEqual({ id: "12.1", seq: 12, index: 1, type: "JobStarted", cloudEvent });
});

it.each([
  ["12.1", "12.0", true],
  ["12.1", "12.1", false],
  ["12.0", "12.1", false],
  ["13.0", "12.9", true],
  ["9.0", "12.0", false],
])("reports whether %s comes after %s", (one, other, behind) => {
  expect(isBehind(at(one), at(other))).toBe(behind);
  expect(isBehind(at(one), undefined)).toBe(true);
});

it("keeps a type without the prefix of Shoal", () => {
  const data = JSON.stringify({ ...cloudEvent, type: "other.JobStarted" });
  expect(feedEventOf({ id: "1.0", data }).type).toBe("other.JobStarted");
});

const malformed: readonly (readonly [what: string, message: Parameters<typeof feedEventOf>[0]])[] = [
  ["no id", { id: "", data: JSON.stringify(cloudEvent) }],
  ["an id without an index", { id: "1", data: JSON.stringify(cloudEvent) }],
  ["no JSON", { id: "1.0", data: "{" }],
  ["null", { id: "1.0", data: "null" }],
  ["a number", { id: "1.0", data: "7" }],
  ...Object.keys(cloudEvent).map(
    (name) => [`no ${name}`, { id: "1.0", data: JSON.stringify({ ...cloudEvent, [name]: undefined }) }] as const,
  ),
];
it.each(malformed)("refuses a message with %s", (_, message) => {
  expect(() => feedEventOf(message)).toThrow(
    expect.objectContaining({ code: "InternalError", message: expect.stringContaining("malformed event") }),
  );
});
