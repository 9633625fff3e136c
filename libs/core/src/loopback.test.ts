import { describe, expect, it } from "vitest";
import { hostOfHeader, isAddress, isLoopback } from "./loopback.ts";

describe("a Host header", () => {
  it.each([
    ["localhost", "localhost"],
    ["LocalHost:1234", "localhost"],
    ["localhost.:80", "localhost"],
    ["127.0.0.1:1234", "127.0.0.1"],
    ["[::1]:1234", "::1"],
    ["[fe80::1%25eth0]", "fe80::1%25eth0"],
    ["a_b.example", "a_b.example"],
  ])("%s has the host %s", (header, host) => {
    expect(hostOfHeader(header)).toBe(host);
  });
  it.each([
    "",
    " ",
    ":80",
    "a b",
    "a/b",
    "user@localhost",
    "localhost:port",
    "localhost:123456",
    "::1",
    "[::1",
    "a\u0000",
  ])("%j has no host", (header) => {
    expect(hostOfHeader(header)).toBeUndefined();
  });
});

describe("loopback", () => {
  it.each(["localhost", "shoal.localhost", "127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])("is %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each([
    "evil.example",
    "localhost.evil.example",
    "notlocalhost",
    "127.0.0.1.evil.example",
    "127.evil.example",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "",
  ])("is not %j", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

it.each([
  ["10.0.0.1", true],
  ["::1", true],
  ["example.org", false],
  ["1.2.3.example", false],
])("%s is an address: %s", (host, expected) => {
  expect(isAddress(host)).toBe(expected);
});
