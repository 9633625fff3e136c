import { type NamespaceUse, type Parsed, parseBytes, parseCpu, parseGpu, tokenProblem } from "@shoal/proto";
import { anyNamespace, type Quota } from "./namespace-quotas.ts";

type Read = (text: string) => Parsed;

const wholeJobs: Read = (text) =>
  /^\d{1,9}$/.test(text) ? { ok: true, value: Number(text) } : { ok: false, why: `"${text}" is not a number of jobs` };

const limits: Readonly<Record<string, { readonly of: keyof NamespaceUse; readonly read: Read }>> = {
  cpu: { of: "cpuCores", read: parseCpu },
  memory: { of: "memoryBytes", read: parseBytes },
  gpu: { of: "gpus", read: parseGpu },
  jobs: { of: "jobs", read: wholeJobs },
};

export type ReadQuota =
  | { readonly ok: true; readonly namespace: string; readonly quota: Quota }
  | { readonly ok: false; readonly why: string };

/** Reads one quota: `team-a cpu=8 memory=16GiB gpu=1 jobs=20`; the namespace `*` stands for all that have none. */
export function readQuota(text: string): ReadQuota {
  const [namespace = "", ...parts] = text.trim().split(/\s+/);
  const problem = namespace === anyNamespace ? undefined : tokenProblem(namespace);
  if (problem !== undefined) return { ok: false, why: `invalid namespace "${namespace}": ${problem}` };
  const quota: { -readonly [K in keyof Quota]: Quota[K] } = {};
  for (const part of parts) {
    const at = part.indexOf("=");
    const name = part.slice(0, at);
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (limit === undefined) return { ok: false, why: `expected ${expected}, got "${part}"` };
    const read = limit.read(part.slice(at + 1));
    if (!read.ok) return read;
    quota[limit.of] = read.value;
  }
  return parts.length === 0
    ? { ok: false, why: `expected ${expected} after "${text}"` }
    : { ok: true, namespace, quota };
}

const expected = Object.keys(limits)
  .map((name) => `${name}=<amount>`)
  .join(", ");

/** Quotas by namespace; texts that `readQuota` refuses are left out. A later one replaces an earlier one. */
export function quotasOf(texts: readonly string[]): ReadonlyMap<string, Quota> {
  return new Map(
    texts.flatMap((text) => {
      const read = readQuota(text);
      return read.ok ? [[read.namespace, read.quota] as const] : [];
    }),
  );
}
