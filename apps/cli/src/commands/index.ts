import type { CommandRow, NounPart } from "../command.ts";
import { cluster } from "./cluster/index.ts";
import { job } from "./job/index.ts";
import { node } from "./node/index.ts";
import { secret } from "./secret/index.ts";

/** Nouns that group commands. */
export const nouns: readonly NounPart[] = [job, node, secret, cluster];

/** Commands without a noun. */
export const commands: readonly CommandRow[] = [
  {
    name: "devstack",
    summary: "run a whole cluster on this machine, in the foreground, until Ctrl-C",
    load: async () => (await import("./devstack.ts")).devstack,
  },
  {
    name: "serve",
    summary: "run one part of a cluster in the foreground: a requester or a compute node",
    load: async () => (await import("./serve.ts")).serve,
  },
  {
    name: "events",
    args: "[job]",
    summary: "follow the events of the cluster, or of one job",
    load: async () => (await import("./events.ts")).events,
  },
  {
    name: "replay",
    summary:
      "verify the log and its chain of hashes, and compare every entry of the views with it; shoal rebuild repairs views",
    load: async () => (await import("./replay.ts")).replay,
  },
  {
    name: "rebuild",
    args: "[view...]",
    summary: "rebuild views from the log: write missing and different entries, remove those that the log does not have",
    load: async () => (await import("./rebuild.ts")).rebuild,
  },
  {
    name: "repair",
    summary: "let a cluster start on an event log whose end was lost; stop all requesters first",
    load: async () => (await import("./repair.ts")).repair,
  },
  {
    name: "version",
    summary: "show which version the requester runs",
    load: async () => (await import("./version.ts")).version,
  },
];
