import { expect, it } from "vitest";
import { deliveryOf } from "./delivery.ts";

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
