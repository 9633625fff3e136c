import { z } from "zod";
import { onWire } from "../wire/meta.ts";
import { specLimits } from "./texts.ts";

// Bacalhau's names, and `full`, its old name for host.
const words = ["default", "none", "host", "full", "http", "bridge"] as const;
const spelt = { default: "Default", none: "None", host: "Host", full: "Full", http: "HTTP", bridge: "Bridge" } as const;

const portName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const portNumber = z.int().min(0).max(65_535);

const Port = z.object({
  name: z.string().regex(portName, "a port's name holds letters, digits and _").describe("the port's name"),
  static: onWire(
    portNumber
      .refine((port) => port === 0 || port >= 1024, "expected a static port of 1024 to 65535")
      .default(0)
      .describe("the port of the node, from 1024; 0 selects a free one of the node's range"),
    { omitEmpty: true },
  ),
  target: onWire(portNumber.default(0).describe("the port of the task, with `bridge` only; the node's port when 0"), {
    omitEmpty: true,
  }),
  hostNetwork: onWire(
    z
      .union([z.literal(""), z.ipv4(), z.ipv6()], "expected an IP address of the node")
      .default("")
      .describe("the address of the node on which the port is published; all of them when empty"),
    { omitEmpty: true },
  ),
});

// The ports of one task: each is a listening socket of the node.
const portsMax = 64;
// Labels of letters, digits, - and _, as resolvers accept them; a leading dot means the domain and all below it.
const domainName =
  /^\.?[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;
const Domain = z.union(
  [z.ipv4(), z.ipv6(), z.string().max(255).regex(domainName)],
  "expected a host name, a domain with a leading dot, or an IP address",
);

interface PortProblem {
  readonly what: number;
  readonly message: string;
}

function portProblems(type: string, ports: readonly z.infer<typeof Port>[]): readonly PortProblem[] {
  const isHost = type === "host" || type === "full";
  return ports.flatMap((port, what) => {
    const before = ports.slice(0, what);
    const isTwice = (of: "static" | "target") => port[of] !== 0 && before.some((other) => other[of] === port[of]);
    if (before.some(({ name }) => name === port.name)) return [{ what, message: `duplicate port name "${port.name}"` }];
    if (isTwice("static")) return [{ what, message: `duplicate static port ${port.static}` }];
    if (isTwice("target")) return [{ what, message: `duplicate target port ${port.target}` }];
    return isHost && port.target !== 0 ? [{ what, message: "a target port goes with type Bridge only" }] : [];
  });
}

/** What network a task may use. The node and the engine decide `default`. */
export const Network = z
  .object({
    type: onWire(
      z
        .preprocess(
          (type) => (typeof type === "string" ? type.toLowerCase() || "default" : type),
          z.enum(words, `invalid network: expected one of ${words.join(" ")}`),
        )
        .default("default")
        .describe(
          "`none`; `bridge`: a private network with access to others; `host`, or `full`: the node's own; `http`: HTTP to the listed domains; `default`: the engine's, which is `bridge` with docker and none with wasm",
        ),
      { as: spelt },
    ),
    domains: onWire(
      z
        .array(Domain)
        .max(specLimits.entries)
        .default([])
        .describe(
          "what the task may reach, with `http` only: host names, `.example.org` for a domain and all below it, IP addresses",
        ),
      { omitEmpty: true },
    ),
    ports: onWire(
      z
        .array(Port)
        .max(portsMax)
        .default([])
        .describe(
          "ports of the task to publish, with `host` and `bridge` only; the task finds them in SHOAL_PORT_<name> and SHOAL_HOST_PORT_<name>, also with the prefix BACALHAU_",
        ),
      { omitEmpty: true },
    ),
  })
  .superRefine(({ type, domains, ports }, issues) => {
    for (const { what, message } of portProblems(type, ports))
      issues.addIssue({ code: "custom", path: ["ports", what], message: `invalid network: ${message}` });
    if (type === "http" && domains.length === 0) {
      issues.addIssue({
        code: "custom",
        path: ["domains"],
        message: "invalid network: type HTTP needs at least one domain",
      });
    }
    if (domains.length > 0 && type !== "http") {
      issues.addIssue({
        code: "custom",
        path: ["domains"],
        message: "invalid network: domains go with type HTTP only",
      });
    }
    if (ports.length > 0 && type !== "host" && type !== "full" && type !== "bridge") {
      issues.addIssue({
        code: "custom",
        path: ["ports"],
        message: "invalid network: ports go with type Host or Bridge only",
      });
    }
  });
