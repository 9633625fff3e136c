import type { HeldJob, NamespaceUse, Resources } from "@shoal/proto";
import type { OtherQueues } from "./other-queues.ts";

/** The most that the jobs of a namespace may use at once; a kind without a limit is left out. */
export type Quota = { readonly [K in keyof NamespaceUse]?: number | undefined };

/** The quota of all namespaces without a quota. */
export const anyNamespace = "*";

const noUse: NamespaceUse = { cpuCores: 0, memoryBytes: 0, gpus: 0, jobs: 0 };

// In the order of the sentences.
const kinds = ["jobs", "cpuCores", "memoryBytes", "gpus"] as const;

const sentences: { readonly [K in keyof NamespaceUse]: (used: number, most: number) => string } = {
  jobs: (used, most) => `runs ${used} of its ${most} jobs`,
  cpuCores: (used, most) => `uses ${used} of its ${most} CPU cores`,
  memoryBytes: (used, most) => `uses ${used} of its ${most} bytes of memory`,
  gpus: (used, most) => `uses ${used} of its ${most} GPUs`,
};

const tooLarge = (kind: keyof NamespaceUse, cost: number, most: number): string =>
  `has a quota of ${most} ${kind}, and one execution of the job needs ${cost}: submit a smaller job or raise the quota`;

/** One job's claim on its namespace's quota. */
export interface QuotaClaim {
  readonly namespace: string;
  readonly jobId: string;
  readonly each: Resources;
  readonly slots: number;
}

/** How many slots a quota allows, and why not all of them. */
export interface QuotaAnswer {
  readonly slots: number;
  readonly why: string;
}

export interface QuotaOptions {
  readonly quotas: ReadonlyMap<string, Quota>;
  readonly others: Pick<OtherQueues, "usesOf">;
  /** A namespace uses less than before. */
  readonly freed: (namespace: string) => void;
}

/**
 * What each namespace uses of its quota: the executions of this requester's jobs, tries in progress, and what the
 * other requesters report. Two requesters that place at the same time may exceed a quota for as long as these run.
 */
export class NamespaceQuotas {
  readonly #options: QuotaOptions;
  /** What the executions of each job use. */
  readonly #jobs = new Map<string, QuotaClaim>();
  readonly #claims = new Set<QuotaClaim>();
  readonly #uses = new Map<string, NamespaceUse>();

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /** What the jobs of this requester use, by namespace. */
  uses(): Readonly<Record<string, NamespaceUse>> {
    return Object.fromEntries(this.#uses);
  }

  /** A job of this requester has this number of executions. */
  put(claim: QuotaClaim): void {
    const { namespace, jobId, each, slots } = claim;
    if (this.#quotaOf(namespace) === undefined) return;
    const before = this.#jobs.get(jobId);
    if (before?.slots === slots && before.each === each) return;
    if (before !== undefined) this.#change(before, -1);
    if (slots > 0) {
      this.#jobs.set(jobId, claim);
      this.#change(claim, 1);
    } else this.#jobs.delete(jobId);
    if (before !== undefined && before.slots > slots) this.#options.freed(namespace);
  }

  /** The job is no longer this requester's, or it is settled. */
  remove(jobId: string): void {
    const before = this.#jobs.get(jobId);
    if (before !== undefined) this.put({ ...before, slots: 0 });
  }

  /** The number of further slots that the quota allows beside the jobs for which it is kept, and why there are not more. */
  allowed(claim: QuotaClaim, now: number, ahead: readonly HeldJob[] = []): QuotaAnswer {
    const used = this.#usedBy(claim.namespace, now);
    const allowed = this.#allowedAbove(used, claim);
    const [first] = ahead;
    const { slots } = this.#allowedAbove(
      ahead.reduce((sum, { use }) => sumOf(sum, use, 1), used),
      claim,
    );
    if (first === undefined || slots === allowed.slots) return allowed;
    return { slots, why: `namespace ${claim.namespace} keeps its quota for ${first.jobId}, which has waited longer` };
  }

  /** What one execution of the job occupies; undefined when the namespace has no quota or could never run it. */
  useOfOne(claim: QuotaClaim): NamespaceUse | undefined {
    const isPossible = this.#allowedAbove(noUse, { ...claim, slots: 1 }).slots > 0;
    return this.#quotaOf(claim.namespace) === undefined || !isPossible
      ? undefined
      : useOf({ ...claim, slots: 1 }, !this.#jobs.has(claim.jobId));
  }

  #allowedAbove(used: NamespaceUse, { namespace, jobId, each, slots: requested }: QuotaClaim): QuotaAnswer {
    const quota = this.#quotaOf(namespace);
    let allowed = { slots: requested, why: "" };
    if (quota === undefined) return allowed;
    for (const kind of kinds) {
      const most = quota[kind];
      const cost = kind === "jobs" ? 0 : each[kind];
      const runs = this.#jobs.has(jobId);
      if (most === undefined || (kind === "jobs" ? runs : cost === 0)) continue;
      const free = Math.max(0, most - used[kind]);
      // A fraction of a core loses a little by rounding.
      const slots = kind === "jobs" ? (free >= 1 ? requested : 0) : Math.floor(free / cost + 1e-9);
      const why = cost > most ? tooLarge(kind, cost, most) : sentences[kind](rounded(used[kind]), most);
      if (slots < allowed.slots) allowed = { slots, why: `namespace ${namespace} ${why}` };
    }
    return allowed;
  }

  /** Counts the slots of a try until `release`. */
  claim(claim: QuotaClaim): void {
    if (this.#quotaOf(claim.namespace) !== undefined) this.#claims.add(claim);
  }

  /** The try has ended: its executions are counted by `put`. */
  release(claim: QuotaClaim): void {
    if (this.#claims.delete(claim)) this.#options.freed(claim.namespace);
  }

  #quotaOf(namespace: string): Quota | undefined {
    return this.#options.quotas.get(namespace) ?? this.#options.quotas.get(anyNamespace);
  }

  #usedBy(namespace: string, now: number): NamespaceUse {
    let used = this.#uses.get(namespace) ?? noUse;
    for (const use of this.#options.others.usesOf(namespace, now)) used = sumOf(used, use, 1);
    for (const claim of this.#claims)
      if (claim.namespace === namespace) used = sumOf(used, useOf(claim, !this.#jobs.has(claim.jobId)), 1);
    return used;
  }

  #change(claim: QuotaClaim, times: 1 | -1): void {
    const { namespace } = claim;
    const use = sumOf(this.#uses.get(namespace) ?? noUse, useOf(claim, true), times);
    if (use.jobs > 0) this.#uses.set(namespace, use);
    else this.#uses.delete(namespace);
  }
}

const useOf = ({ each, slots }: QuotaClaim, isJob: boolean): NamespaceUse => ({
  cpuCores: each.cpuCores * slots,
  memoryBytes: each.memoryBytes * slots,
  gpus: each.gpus * slots,
  jobs: isJob ? 1 : 0,
});

const sumOf = (a: NamespaceUse, b: NamespaceUse, times: 1 | -1): NamespaceUse => ({
  cpuCores: Math.max(0, rounded(a.cpuCores + b.cpuCores * times)),
  memoryBytes: Math.max(0, a.memoryBytes + b.memoryBytes * times),
  gpus: Math.max(0, a.gpus + b.gpus * times),
  jobs: Math.max(0, a.jobs + b.jobs * times),
});

// As precise as amounts of CPU.
const rounded = (amount: number): number => Math.round(amount * 1e6) / 1e6;
