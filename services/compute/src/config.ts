import { listOf, yesOrNo } from "@shoal/core";
import { checkNatsSettings, natsSettings } from "@shoal/nats";
import { type Parsed, parseBytes, parseCpu, parseGpu, tokenProblem } from "@shoal/proto";
import { isolationOptions } from "@shoal/wasi-sandbox";
import { z } from "zod";
import { Capability, userPattern } from "./executors/docker/container-settings.ts";
import { pullDefaults } from "./executors/docker/pulls.ts";
import { unreadable } from "./sources/local/allow-list.ts";

const token = (what: string) =>
  z.string().superRefine((name, issues) => {
    const problem = name === "" ? undefined : tokenProblem(name);
    if (problem !== undefined) issues.addIssue({ code: "custom", message: `${what} cannot be "${name}": ${problem}` });
  });

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const port = whole(0, 65_535);
const pair = z.string().regex(/^[^=]+=.*$/, "wanted key=value");
const percent = /^(100|\d{1,2})%$/;

/** An amount, or a share of what the machine has; empty leaves it to the default that the setting names. */
const amount = (parse: (text: string) => Parsed, example: string) =>
  z
    .union([z.string(), z.number().transform(String)])
    .default("")
    .superRefine((text, issues) => {
      if (text === "" || percent.test(text) || parse(text).ok) return;
      issues.addIssue({
        code: "custom",
        message: `wanted an amount such as ${example}, or a share such as 80%, found "${text}"`,
      });
    });

const Capacity = z.object({
  cpu: amount(parseCpu, "1500m or 4").describe("cores for executions; empty means 80% of the machine's"),
  memory: amount(parseBytes, "8GiB").describe("bytes of memory for executions; empty means 80% of the machine's"),
  disk: amount(parseBytes, "100GB").describe(
    "bytes of disk for executions; empty means 80% of what is free in dataDir",
  ),
  gpu: amount(parseGpu, "2").describe("GPUs for executions; empty means none, as none are looked for"),
  // Two orders of magnitude above what one machine usefully runs at once.
  slots: whole(1, 100_000).default(1_000).describe("executions and held bids at once, whatever they ask for"),
});

const PerTask = z.object({
  cpu: amount(parseCpu, "1").describe("cores that one task may ask for; empty means all of the capacity"),
  memory: amount(parseBytes, "1GiB").describe(
    "bytes of memory that one task may ask for; empty means all of the capacity",
  ),
  disk: amount(parseBytes, "10GB").describe("bytes of disk that one task may ask for; empty means all of the capacity"),
  gpu: amount(parseGpu, "1").describe("GPUs that one task may ask for; empty means all of the capacity"),
});

// As the field does: inputs have five minutes. An hour is more than any upload that is worth waiting for.
const minutesMs = 60_000;
const Inputs = z.object({
  timeoutMs: whole(100, 60 * minutesMs)
    .default(5 * minutesMs)
    .describe("milliseconds in which all inputs of a task must be in"),
  limitBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes that one input may have"),
  // As one input may have by default: a task that asks for no disk is not kept from bringing in one large input.
  defaultDiskBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes that all inputs of a task may have together when it asks for no Disk; else its Disk is the limit"),
});

const Results = z.object({
  timeoutMs: whole(100, 60 * minutesMs)
    .default(5 * minutesMs)
    .describe("milliseconds in which results must be published"),
  outputBytes: whole(0, 1024 ** 4)
    .default(1024 ** 3)
    .describe("bytes of stdout, and of stderr, that are kept in results; more is cut off"),
  // As much as a node keeps of all results by default, and as much as the client unpacks without asking.
  limitBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes that the files of one result may hold together, holes included; larger results are not published"),
});

const Output = z.object({
  // Four times what is kept of a stream: far above what anybody reads, and written in a minute by a task that never ends.
  limitBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(4 * 1024 ** 3)
    .describe("bytes of stdout and stderr together that one execution may write; it is ended when it writes more"),
});

const Local = z.object({
  address: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe(
      "address that results are served on, and that their links name; 0.0.0.0 means all, and links name the machine",
    ),
  port: port.default(0).describe("port that results are served on; 0 takes any free one"),
  keepMs: whole(1_000, 366 * 24 * 60 * minutesMs)
    .default(24 * 60 * minutesMs)
    .describe("milliseconds for which a result is kept"),
  keepBytes: whole(0, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes of results that are kept; the oldest go first"),
});

const Nats = z.object(natsSettings).superRefine(checkNatsSettings);

const Docker = z.object({
  socket: z.string().default("/var/run/docker.sock").describe("socket of the Docker engine"),
  capabilities: listOf(
    z.preprocess((name) => (typeof name === "string" ? name.toUpperCase().replace(/^CAP_/, "") : name), Capability),
  )
    .default([])
    .describe("capabilities that containers keep, such as CHOWN,SETUID,SETGID; all others are dropped"),
  // A day is more than any image is worth waiting for.
  pullMs: whole(1_000, 24 * 60 * minutesMs)
    .default(pullDefaults.pullMs)
    .describe("milliseconds in which the engine must have pulled an image"),
  imageBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(pullDefaults.imageBytes)
    .describe("bytes of an image's layers, as its registry sends them, that are pulled; more ends the task"),
  user: z
    .string()
    .regex(userPattern, "expected user or user:group, by name or number")
    .default("")
    .describe("user[:group] that containers run as instead of their image's; empty leaves the image's, mostly root"),
  readOnlyRoot: yesOrNo()
    .default(false)
    .describe("whether containers may write only to their outputs, and to 64 MiB of memory at /tmp"),
  diskLimit: z
    .enum(["ignore", "refuse"])
    .default("ignore")
    .describe(
      "what becomes of a task that asks for disk where the engine's storage driver cannot limit it: run without the limit, or refused",
    ),
});

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Everything that a compute node can be told. `publishers.local.port` is also SHOAL_PUBLISHERS_LOCAL_PORT. */
export const ComputeConfig = z
  .object({
    nodeId: token("a node's id")
      .default("")
      .describe("name of this node, unique in its cluster; empty makes one and keeps it in dataDir"),
    dataDir: z
      .string()
      .min(1)
      .default(".shoal/compute")
      .describe("folder for the journal, inputs and results; one process's own"),
    labels: listOf(pair)
      .default([])
      .describe("labels of this node, beside those of its machine: key=value, split by commas"),
    address: z
      .string()
      .default("")
      .describe("how people reach this machine, shown in lists of nodes; empty means its host name"),
    capacity: Capacity.prefault({}),
    perTask: PerTask.prefault({}),
    // Ten times as often as the requester's patience, so that one lost heartbeat means nothing.
    heartbeatMs: whole(50, 60_000).default(1_000).describe("milliseconds between two heartbeats"),
    nats: Nats.prefault({}),
    health: z
      .object({
        listen: z
          .union([z.literal(""), z.string().regex(/^.+:\d{1,5}$/, "expected host:port, such as 127.0.0.1:1235")])
          .default("")
          .describe("host:port on which /healthz and /readyz are served, such as 127.0.0.1:1235; empty serves none"),
      })
      .prefault({}),
    env: z
      .object({
        allow: listOf(z.string().min(1))
          .default([])
          .describe(
            "names of host variables that tasks may read as env:NAME; * stands for any characters, and never for SHOAL_, NATS_ or NKEY names",
          ),
      })
      .prefault({}),
    network: z
      .object({
        reject: yesOrNo().default(false).describe("refuse tasks that ask for a network, and give none to the others"),
        host: yesOrNo()
          .default(false)
          .describe(
            "let tasks ask for network host or full: the machine's own, with NATS, this API and all else that listens on loopback",
          ),
      })
      .prefault({}),
    engines: z
      .object({ disabled: listOf(z.string()).default([]).describe("engines that are not offered") })
      .prefault({}),
    docker: Docker.prefault({}),
    wasm: z
      .object({
        poolSize: whole(0, 64).default(2).describe("processes that wait for Wasm tasks; each takes some 50 MB"),
        isolation: z
          .enum(isolationOptions)
          .default("auto")
          .describe(
            "isolation of Wasm guests: bubblewrap (network, processes, files), namespaces (network, processes), none, or auto for the best that works; by name it is required, and without it the node does not offer the engine",
          ),
        cgroups: z
          .enum(["auto", "off"])
          .default("auto")
          .describe(
            "cgroups (version 2) that limit memory, processors and processes of each Wasm guest: auto uses the node's own group when it is delegated and holds the node alone (systemd: Delegate=yes); without them memory is watched and processors are shared fairly, not limited",
          ),
      })
      .prefault({}),
    allowListedLocalPaths: listOf(
      z.string().superRefine((line, issues) => {
        const why = unreadable(line);
        if (why !== undefined) issues.addIssue({ code: "custom", message: why });
      }),
    )
      .default([])
      .describe(
        "paths of this machine that tasks may have as inputs, such as /data/**:ro; :rw lets them write, which with docker equals root on this machine",
      ),
    inputs: Inputs.prefault({}),
    results: Results.prefault({}),
    output: Output.prefault({}),
    publishers: z
      .object({
        disabled: listOf(z.string()).default([]).describe("publishers that are not offered"),
        local: Local.prefault({}),
      })
      .prefault({}),
    log: z
      .object({ level: z.enum(levels).default("info").describe("least level of what is logged to stderr") })
      .prefault({}),
  })
  .readonly();
export type ComputeConfig = z.infer<typeof ComputeConfig>;
