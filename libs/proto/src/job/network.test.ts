import { describe, expect, it } from "vitest";
import { Network } from "./network.ts";

const problemsOf = (network: object): readonly string[] =>
  Network.safeParse(network).error?.issues.map(({ message }) => message) ?? [];

describe("the network of a task", () => {
  it.each([
    [{ type: "HTTP", domains: ["example.org", ".example.org", "192.0.2.1", "2001:db8::1", "a_b.local"] }],
    [
      {
        type: "Bridge",
        ports: [
          { name: "web", target: 80 },
          { name: "b", static: 8080, hostNetwork: "::1" },
        ],
      },
    ],
    [{ type: "Full", ports: [{ name: "web", static: 8080, hostNetwork: "127.0.0.1" }] }],
    [{}],
  ])("may be %j", (network) => expect(problemsOf(network)).toEqual([]));

  it.each([
    ["needs at least one domain", { type: "http" }],
    ["expected a host name", { type: "http", domains: ["http://example.org"] }],
    ["expected a host name", { type: "http", domains: ["exa mple.org"] }],
    ["domains go with type HTTP only", { type: "none", domains: ["example.org"] }],
    ["ports go with type Host or Bridge only", { type: "http", domains: ["a.b"], ports: [{ name: "web" }] }],
    ['duplicate port name "web"', { type: "bridge", ports: [{ name: "web" }, { name: "web" }] }],
    [
      "duplicate static port 8080",
      {
        type: "host",
        ports: [
          { name: "a", static: 8080 },
          { name: "b", static: 8080 },
        ],
      },
    ],
    [
      "duplicate target port 80",
      {
        type: "bridge",
        ports: [
          { name: "a", target: 80 },
          { name: "b", target: 80 },
        ],
      },
    ],
    ["a target port goes with type Bridge only", { type: "host", ports: [{ name: "a", target: 80 }] }],
    ["expected a static port of 1024 to 65535", { type: "host", ports: [{ name: "a", static: 80 }] }],
    ["expected an IP address of the node", { type: "bridge", ports: [{ name: "a", hostNetwork: "lan" }] }],
  ])("is refused: %s", (why, network) => expect(problemsOf(network).join()).toContain(why));
});
