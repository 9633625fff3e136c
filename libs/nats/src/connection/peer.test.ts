import { describe, expect, it } from "vitest";
import { hostOf, tlsNameOf } from "./peer.ts";

describe("hostOf", () => {
  it.each([
    ["127.0.0.1:4222", "127.0.0.1"],
    ["[::1]:4222", "::1"],
    ["nats://nats.example:4222", "nats.example"],
    ["tls://nats.example", "nats.example"],
    ["nats.example", "nats.example"],
  ])("%s is at %s", (server, host) => expect(hostOf(server)).toBe(host));
});

describe("tlsNameOf", () => {
  it.each([
    ["nats.example:4222", ["nats://other.example:4222"], "nats.example"],
    ["10.0.0.7:4222", ["nats://10.0.0.1:4222", "nats://nats.example:4222"], "nats.example"],
    ["[::1]:4222", ["nats://nats.example"], "nats.example"],
    ["10.0.0.7:4222", ["nats://10.0.0.1:4222"], ""],
  ])("of %s, configured as %j, is %j", (server, configured, name) => expect(tlsNameOf(server, configured)).toBe(name));
});
