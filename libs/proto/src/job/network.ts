import { z } from "zod";
import { onWire } from "../wire/meta.ts";

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
      .describe("the port of the node, from 1024; 0 selects a free one"),
    { omitEmpty: true },
  ),
  target: onWire(portNumber.default(0).describe("the port of the task"), { omitEmpty: true }),
  hostNetwork: onWire(z.string().default("").describe("the address of the node on which the port is published"), {
    omitEmpty: true,
  }),
});

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
        .array(z.string().min(1))
        .default([])
        .describe("domains that the task may reach, with `http` only; nodes refuse `http` so far"),
      { omitEmpty: true },
    ),
    ports: onWire(
      z
        .array(Port)
        .default([])
        .describe("ports of the task to publish, with `host` and `bridge` only; nodes refuse tasks with ports so far"),
      { omitEmpty: true },
    ),
  })
  .superRefine(({ type, domains, ports }, issues) => {
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
