import { expect, it } from "vitest";
import { z } from "zod";
import { fromWire, toWire } from "./codec.ts";
import { onWire } from "./meta.ts";

const Sample = z.object({
  text: onWire(z.string(), { omitEmpty: true }),
  count: onWire(z.int(), { omitEmpty: true }),
  list: onWire(z.array(z.string()), { omitEmpty: true }),
  map: onWire(z.record(z.string(), z.string()), { omitEmpty: true }),
});
const empty = { text: "", count: 0, list: [], map: {} };

it("reads back empty fields that it omits", () => {
  expect(toWire(Sample, empty)).toEqual({});
  expect(fromWire(Sample, {})).toEqual({ ok: true, value: empty, unknown: [] });
});

it("returns a separate list for every read", () => {
  const [first, second] = [fromWire(Sample, {}), fromWire(Sample, {})];
  if (first.ok) first.value.list.push("mine");
  expect(second).toMatchObject({ value: { list: [] } });
});
