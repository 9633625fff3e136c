import { expect, it } from "vitest";
import { countValues, jsonBody } from "./json-body.ts";
import { apiLimits } from "./limits.ts";

const bytes = (text: string) => Buffer.from(text);

it.each([
  ["1", 1],
  ["[]", 2],
  ["[1,2,3]", 4],
  ['{"a":1,"b":[2,{"c":3}]}', 6],
  ['["[,{","\\"[,{\\\\",3]', 4],
])("counts no fewer values than %s has", (text, count) => {
  expect(countValues(bytes(text), 100)).toBe(count);
});

it("stops counting when it has seen enough", () => {
  const seen: number[] = [];
  const body = new Proxy(bytes(`[${"1,".repeat(10_000)}1]`), {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) seen.push(Number(key));
      return Reflect.get(target, key, target);
    },
  });
  expect(countValues(body, 100)).toBe(101);
  expect(Math.max(...seen)).toBeLessThan(300);
});

it.each([
  ["many values", `[${"0,".repeat(apiLimits.bodyValues)}0]`],
  ["many empty lists", `[${"[],".repeat(apiLimits.bodyValues)}0]`],
  ["many keys, and no end", `{${'"a":1,'.repeat(apiLimits.bodyValues)}`],
])("refuses a body of %s before it is parsed", (_, text) => {
  expect(() => jsonBody(bytes(text), {})).toThrow(/at most 20000 values/);
});

it("accepts a long text with any content", () => {
  const text = '[{,"\\'.repeat(100_000);
  expect(jsonBody(bytes(JSON.stringify({ text })), {})).toEqual({ text });
});
