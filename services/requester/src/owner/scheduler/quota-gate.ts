import { type Clock, type Job, requirementsOf } from "@shoal/core";
import type { HeldJob, NamespaceUse } from "@shoal/proto";
import { laneLimits } from "./lane.ts";
import { NamespaceQuotas, type Quota, type QuotaClaim } from "./namespace-quotas.ts";
import { NamespaceTurns } from "./namespace-turns.ts";
import type { OtherQueues } from "./other-queues.ts";
import type { PendingEntry } from "./pending-entry.ts";
import { PendingQueue } from "./pending-queue.ts";

export interface QuotaGateOptions {
  /** By namespace, `*` for the others. */
  readonly quotas: ReadonlyMap<string, Quota>;
  readonly others: Pick<OtherQueues, "heldOf" | "usesOf">;
  readonly clock: Clock;
  /** After this time the next free part of the quota is kept for a job; undefined for never. */
  readonly reserveAfterMs: number | undefined;
  /** The quota allows slots of the entry now: it waits in its lane again. */
  readonly resume: (entry: PendingEntry) => void;
}

/** The entries of a namespace with a quota. */
interface Waiting {
  /** They wait for the quota, in no lane. */
  readonly held: PendingQueue<PendingEntry>;
  /** They waited for the quota, and wait in their lanes for nodes now. */
  readonly resumed: PendingQueue<PendingEntry>;
}

// A job for which no node has room must not keep the quota idle for long: as long as a node gathers room for a job, and
// then not for the same time. It counts from its turn: the jobs before it may take longer.
const reservedMs = 600_000;

/**
 * Entries wait here, and in no lane, while their namespace has used its quota. A smaller entry may pass a larger one
 * that waits, until that one has waited for `reserveAfterMs`: else a stream of small jobs would hold it for ever.
 */
export class QuotaGate {
  readonly #options: QuotaGateOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #quotas: NamespaceQuotas;
  /** Since when a quota is kept for an entry and for none before it. */
  readonly #firstAt = new WeakMap<PendingEntry, number>();

  constructor(options: QuotaGateOptions) {
    this.#options = options;
    this.#quotas = new NamespaceQuotas({ ...options, freed: (namespace) => this.#freed(namespace) });
  }

  /** What the executions of a job use of its namespace's quota. */
  used({ header, live }: Job): void {
    const requirements = requirementsOf(header.spec);
    if (requirements === undefined) return;
    const { namespace } = header.spec;
    this.#quotas.put({ namespace, jobId: header.id, each: requirements.resources, slots: live.size });
  }

  /** The job is settled, or another requester's. */
  unused(jobId: string): void {
    this.#quotas.remove(jobId);
  }

  /** What the jobs of this requester use, and the jobs for which quotas are reserved, by namespace. */
  summary(): {
    readonly uses: Readonly<Record<string, NamespaceUse>>;
    readonly held: Readonly<Record<string, HeldJob>>;
  } {
    return { uses: this.#quotas.uses(), held: this.#heldJobs() };
  }

  /** Claims the slots of a turn, as many as the quota allows; undefined when it allows none: the entry waits. */
  enter(entry: PendingEntry, slotsMax: number): QuotaClaim | undefined {
    const claim = claimOf(entry, slotsMax);
    const { slots, why } = this.#quotas.allowed(claim, this.#options.clock.now(), this.#ahead(entry));
    if (slots > 0) {
      const allowed = { ...claim, slots };
      this.#quotas.claim(allowed);
      return allowed;
    }
    const { held, resumed } = this.#waitingOf(entry.namespace);
    resumed.delete(entry);
    held.add(entry);
    entry.shortage = { why, answers: [] };
    const waiting = entry.slots.map((each) => each.slot);
    // A target that closes passes its job to the next owner, which records it.
    entry.target.command({ name: "Wait", slots: waiting, why, answers: [], never: false }).catch(() => undefined);
    return undefined;
  }

  /** The turn has ended. */
  leave(claim: QuotaClaim): void {
    this.#quotas.release(claim);
  }

  /** Nodes have slots of the entry, or it is no longer needed. */
  remove(entry: PendingEntry): void {
    const { namespace } = entry;
    const waiting = this.#waiting.get(namespace);
    if (waiting === undefined) return;
    waiting.held.delete(entry);
    waiting.resumed.delete(entry);
    if (waiting.held.size + waiting.resumed.size === 0) this.#waiting.delete(namespace);
  }

  /** The namespace may use less than before. */
  #freed(namespace: string): void {
    const { clock, resume } = this.#options;
    const waiting = this.#waiting.get(namespace);
    if (waiting === undefined) return;
    const { held, resumed } = waiting;
    let looked = 0;
    for (const entry of [...held.inOrder()]) {
      if (looked++ >= laneLimits.looked) return;
      if (!held.has(entry) || this.#quotas.allowed(claimOf(entry, 1), clock.now(), this.#ahead(entry)).slots === 0)
        continue;
      held.delete(entry);
      resumed.add(entry);
      resume(entry);
    }
  }

  /** The first entry of each namespace for which its quota is kept, for the other requesters. */
  #heldJobs(): Readonly<Record<string, HeldJob>> {
    const reserved = [...this.#waiting.keys()].map(
      (namespace) => [namespace, this.#firstDue(namespace, this.#othersOf(namespace))] as const,
    );
    return Object.fromEntries(reserved.filter((pair): pair is [string, HeldJob] => pair[1] !== undefined));
  }

  /** The jobs, here and at other requesters, for which the quota of the entry's namespace is kept before it. */
  #ahead(entry: PendingEntry): readonly HeldJob[] {
    const { namespace, priority, since } = entry;
    const own = { jobId: entry.target.ref.id, priority, since };
    const others = this.#othersOf(namespace);
    const heads = [this.#firstDue(namespace, others), ...others];
    return heads.filter((head): head is HeldJob => head !== undefined && compareHeld(head, own) < 0);
  }

  #othersOf(namespace: string): readonly HeldJob[] {
    return [...this.#options.others.heldOf(namespace, this.#options.clock.now())];
  }

  /** The first due entry here, and since when it comes before the jobs of the other requesters too. */
  #firstDue(namespace: string, others: readonly HeldJob[]): HeldJob | undefined {
    const { held, resumed } = this.#waiting.get(namespace) ?? {};
    const [first] = [held, resumed]
      .flatMap((queue) => this.#dueIn(queue))
      .toSorted((one, other) => compareHeld(one.job, other.job));
    if (first === undefined) return undefined;
    const { entry, job } = first;
    const isFirst = others.every((other) => compareHeld(job, other) < 0);
    if (isFirst && !this.#firstAt.has(entry)) this.#firstAt.set(entry, this.#options.clock.now());
    return job;
  }

  /** The first due entry of a queue. */
  #dueIn(
    queue: PendingQueue<PendingEntry> | undefined,
  ): readonly { readonly entry: PendingEntry; readonly job: HeldJob }[] {
    const { clock, reserveAfterMs = Infinity } = this.#options;
    const now = clock.now();
    let looked = 0;
    for (const entry of queue?.inOrder() ?? []) {
      if (looked++ >= laneLimits.looked) return [];
      const { priority, since, target } = entry;
      const firstMs = now - (this.#firstAt.get(entry) ?? now);
      const isDue = now - since >= reserveAfterMs && Math.floor(firstMs / reservedMs) % 2 === 0;
      const use = isDue ? this.#quotas.useOfOne(claimOf(entry, 1)) : undefined;
      if (use !== undefined) return [{ entry, job: { jobId: target.ref.id, priority, since, use } }];
    }
    return [];
  }

  #waitingOf(namespace: string): Waiting {
    const found = this.#waiting.get(namespace);
    if (found !== undefined) return found;
    const queue = () => new PendingQueue<PendingEntry>(new NamespaceTurns());
    const waiting = { held: queue(), resumed: queue() };
    this.#waiting.set(namespace, waiting);
    return waiting;
  }

  /** The other requesters may use less than before. */
  retry(): void {
    for (const namespace of [...this.#waiting.keys()]) this.#freed(namespace);
  }
}

/** One order at all requesters: two jobs never wait for each other. */
const compareHeld = (a: Omit<HeldJob, "use">, b: Omit<HeldJob, "use">): number =>
  b.priority - a.priority || a.since - b.since || (a.jobId < b.jobId ? -1 : a.jobId === b.jobId ? 0 : 1);

const claimOf = ({ namespace, target, requirements, slots }: PendingEntry, slotsMax: number): QuotaClaim => ({
  namespace,
  jobId: target.ref.id,
  each: requirements.resources,
  slots: Math.min(slots.length, slotsMax),
});
