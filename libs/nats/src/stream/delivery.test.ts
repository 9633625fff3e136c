import { expect, it } from "vitest";
import { deliveryOf } from "./delivery.ts";

it.each([
  ["the short form", "$JS.ACK.EVENTS.r-1.1.42.7.1700000000123456789.3"],
  ["the form with a domain and an account", "$JS.ACK.hub.ACCHASH.EVENTS.r-1.1.42.7.1700000000123456789.3.random"],
])("reads %s", (_form, reply) => {
  expect(deliveryOf(reply)).toEqual({ seq: 42, count: 7, pending: 3, storedAt: 1_700_000_000_123 });
});
it.each(["", "_INBOX.x.1", "$JS.ACK.EVENTS.r-1", "$JS.ACK.a.b.c.d.e.f.g"])("does not read %s", (reply) => {
  expect(deliveryOf(reply)).toBeUndefined();
});
