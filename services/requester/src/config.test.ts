import { readConfig } from "@shoal/core";
import { describe, expect, it } from "vitest";
import { RequesterConfig } from "./config.ts";

const origins = (text: string) =>
  readConfig(RequesterConfig, { env: { SHOAL_HTTP_ORIGINS: text }, flags: {} }).http.origins;

describe("http.origins", () => {
  it("is empty by default", () => {
    expect(readConfig(RequesterConfig, { env: {}, flags: {} }).http.origins).toEqual([]);
  });
  it("is a list of origins as browsers write them", () => {
    expect(origins("https://a.example, http://localhost:8080,http://[::1]:3000")).toEqual([
      "https://a.example",
      "http://localhost:8080",
      "http://[::1]:3000",
    ]);
  });
  it.each([
    "*",
    "null",
    "a.example",
    "https://a.example/",
    "https://a.example/page",
    "https://A.example",
    "https://a.example:443",
    "ftp://a.example",
  ])("refuses %s", (text) => {
    expect(() => origins(text)).toThrow(/expected an origin such as/);
  });
});

describe("nodes.forgetAfterMs", () => {
  const read = (forgetAfterMs: string) =>
    readConfig(RequesterConfig, { env: { SHOAL_NODES_FORGET_AFTER_MS: forgetAfterMs }, flags: {} }).nodes.forgetAfterMs;
  it("is longer than the silence that disconnects a node", () => {
    expect(read("6001")).toBe(6_001);
    expect(() => read("6000")).toThrow(/expected more than disconnectAfterMs \(6000\), got 6000/);
  });
});
