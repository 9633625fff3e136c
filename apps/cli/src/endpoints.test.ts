import { expect, it } from "vitest";
import { apiEndpoints } from "./endpoints.ts";

const none = { host: undefined, port: undefined };

it.each([
  ["the defaults", { address: none, env: {} }, ["http://127.0.0.1:1234"]],
  ["a host", { address: { host: "box", port: undefined }, env: {} }, ["http://box:1234"]],
  ["a host and a port", { address: { host: "box", port: "80" }, env: {} }, ["http://box:80"]],
  ["host:port", { address: { host: "box:99", port: "80" }, env: {} }, ["http://box:99"]],
  ["a URL", { address: { host: "https://box/base", port: "80" }, env: {} }, ["https://box/base"]],
  [
    "a list",
    { address: { host: "a, b:2,http://c:3,", port: undefined }, env: {} },
    ["http://a:1234", "http://b:2", "http://c:3"],
  ],
  ["IPv6", { address: { host: "::1", port: undefined }, env: {} }, ["http://[::1]:1234"]],
  ["IPv6 with a port", { address: { host: "[::1]:9", port: undefined }, env: {} }, ["http://[::1]:9"]],
  [
    "Bacalhau's environment",
    { address: none, env: { BACALHAU_API_HOST: "b", BACALHAU_API_PORT: "7" } },
    ["http://b:7"],
  ],
  [
    "our environment before it",
    { address: none, env: { BACALHAU_API_HOST: "b", SHOAL_API_HOST: "s" } },
    ["http://s:1234"],
  ],
  ["the flag before all", { address: { host: "f", port: undefined }, env: { SHOAL_API_HOST: "s" } }, ["http://f:1234"]],
])("finds the API from %s", (_, given, endpoints) => {
  expect(apiEndpoints(given.address, given.env)).toEqual(endpoints);
});
