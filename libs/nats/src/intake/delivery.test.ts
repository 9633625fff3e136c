import { expect, it } from "vitest";
import { deliveryOf, storedAtOf } from "./delivery.ts";

it("reads the short form", () => {
  expect(deliveryOf("$JS.ACK.EVENTS.r-1.1.42.7.1700000000000000000.3")).toEqual({ seq: 42, count: 7, pending: 3 });
});
it("reads the form with a domain and an account", () => {
  const reply = "$JS.ACK.hub.ACCHASH.EVENTS.r-1.1.42.7.1700000000000000000.3.random";
  expect(deliveryOf(reply)).toEqual({ seq: 42, count: 7, pending: 3 });
});
it.each(["", "_INBOX.x.1", "$JS.ACK.EVENTS.r-1", "$JS.ACK.a.b.c.d.e.f.g"])("does not read %s", (reply) => {
  expect(deliveryOf(reply)).toBeUndefined();
});
it.each([
  ["the short form", "$JS.ACK.EVENTS.r-1.1.42.7.1700000000123456789.3", 1_700_000_000_123],
  ["the long form", "$JS.ACK.hub.ACCHASH.EVENTS.r-1.1.42.7.1700000000123456789.3.random", 1_700_000_000_123],
  ["no delivery", "_INBOX.x.1", Number.NaN],
])("reads when the message was stored from %s", (_form, reply, storedAt) => {
  expect(storedAtOf(reply)).toBe(storedAt);
});
