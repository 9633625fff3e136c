import { silentLogger } from "@shoal/core";
import { systemClock } from "@shoal/node";
import { fromWire, JobSpec } from "@shoal/proto";
import { z } from "zod";
import { ComputeConfig } from "../../services/compute/src/config.ts";
import { createExecutors } from "../../services/compute/src/executors/index.ts";
import { nativeOf } from "../../services/compute/src/open-host.ts";
import { ipfsNode } from "../../services/compute/src/outbound/ipfs-node.ts";
import type { NodePart } from "../../services/compute/src/parts.ts";
import { createPublishers } from "../../services/compute/src/publishers/index.ts";
import { createSources } from "../../services/compute/src/sources/index.ts";
import { fieldsOf } from "./fields.ts";
import { code, table, yaml } from "./markdown.ts";

/** The metadata of a part's params: what the part is for, and a task that uses it, as in a job file. */
const PartMeta = z.object({ description: z.string().min(1), example: z.record(z.string(), z.unknown()) });

/** Every part that a node with the default settings has, by kind. Nothing of it is started. */
export function partsOfNode(): Readonly<Record<"engines" | "sources" | "publishers", readonly NodePart[]>> {
  const { engines, docker, wasm, sources, publishers, outbound } = ComputeConfig.parse({});
  const ports = { clock: systemClock(), logger: silentLogger };
  const identity = { nodeId: "node", instanceId: "instance" };
  const local = { ...publishers.local, machine: "node", folder: "published" };
  const results = { bucket: "results", put: () => Promise.reject(new Error("a reference page publishes nothing")) };
  const unread = () => Promise.reject(new Error("a reference page fetches nothing"));
  const objects = { names: unread, info: unread, open: unread };
  const ipfs = ipfsNode("");
  const uploads = { upload: async () => undefined };
  return {
    engines: createExecutors(
      {
        ...identity,
        ...{ disabled: [], docker, wasm: { ...wasm, cgroups: "off" }, outbound, native: nativeOf({ engines }, "") },
      },
      ports,
    ).parts,
    sources: createSources({ ...sources, allowListedLocalPaths: [], outbound }, { ...ports, ipfs, objects }).parts,
    publishers: createPublishers(
      { ...publishers, limitBytes: 0, local, outbound },
      { ...ports, ipfs, results, uploads },
    ).parts,
  };
}

/** The sections of a page of parts: one for each schema of params, which a part under two names shares. */
export function partSections(parts: readonly NodePart[]): string {
  return [...Map.groupBy(parts, ({ params }) => params)].map(([params, same]) => section(params, same)).join("\n\n");
}

/** A whole job with the example task of a part. Throws when it is not a valid job. */
export function exampleJob(params: z.ZodType): object {
  const { example } = PartMeta.parse(params.meta());
  const job = { Name: "example", Type: "batch", Tasks: [{ Name: "main", ...example }] };
  const read = fromWire(JobSpec, job);
  if (!read.ok) throw new Error(`the example is not a job: ${read.problems.join("; ")}`);
  return job;
}

function section(params: z.ZodType, parts: readonly NodePart[]): string {
  const [name = "", ...others] = parts.map((part) => part.name);
  const { description } = PartMeta.parse(params.meta());
  const also = others.length === 0 ? "" : ` Also named ${others.map(code).join(", ")}.`;
  return [
    `## ${name}`,
    `${description}${also}`,
    paramTable(params),
    ["```yaml", yaml(exampleJob(params)), "```"].join("\n"),
  ].join("\n\n");
}

function paramTable(params: z.ZodType): string {
  const rows = fieldsOf(params, "nested").map(({ path, type, required, fallback, limits, summary }) => [
    code(path),
    type,
    required ? "yes" : "",
    fallback === "" ? "" : code(fallback),
    limits,
    summary,
  ]);
  return rows.length === 0
    ? "It has no params."
    : table(["param", "type", "required", "default", "limits", "means"], rows);
}
