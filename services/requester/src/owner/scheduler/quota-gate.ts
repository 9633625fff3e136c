import type { Clock } from "@shoal/core";
import { laneLimits } from "./lane.ts";
import type { NamespaceQuotas, QuotaClaim } from "./namespace-quotas.ts";
import { NamespaceTurns } from "./namespace-turns.ts";
import type { PendingEntry } from "./pending-entry.ts";
import { PendingQueue } from "./pending-queue.ts";

export interface QuotaGateOptions {
  readonly quotas: Pick<NamespaceQuotas, "allowed" | "claim" | "release">;
  readonly clock: Clock;
  /** The quota allows slots of the entry now: it waits in its lane again. */
  readonly resume: (entry: PendingEntry) => void;
}

/** Entries wait here, and in no lane, while their namespace has used its quota. */
export class QuotaGate {
  readonly #options: QuotaGateOptions;
  readonly #held = new Map<string, PendingQueue<PendingEntry>>();

  constructor(options: QuotaGateOptions) {
    this.#options = options;
  }

  /** Claims the slots of a turn, as many as the quota allows; undefined when it allows none: the entry waits. */
  enter(entry: PendingEntry, slotsMax: number): QuotaClaim | undefined {
    const { quotas, clock } = this.#options;
    const claim = claimOf(entry, slotsMax);
    const { slots, why } = quotas.allowed(claim, clock.now());
    if (slots > 0) {
      const allowed = { ...claim, slots };
      quotas.claim(allowed);
      return allowed;
    }
    const held = this.#held.get(entry.namespace) ?? new PendingQueue(new NamespaceTurns());
    this.#held.set(entry.namespace, held);
    held.add(entry);
    entry.shortage = { why, answers: [] };
    const waiting = entry.slots.map((each) => each.slot);
    // A target that closes passes its job to the next owner, which records it.
    entry.target.command({ name: "Wait", slots: waiting, why, answers: [], never: false }).catch(() => undefined);
    return undefined;
  }

  /** The turn has ended. */
  leave(claim: QuotaClaim): void {
    this.#options.quotas.release(claim);
  }

  /** The entry is no longer needed. */
  remove(entry: PendingEntry): void {
    this.#held.get(entry.namespace)?.delete(entry);
  }

  /** The namespace may use less than before. */
  freed(namespace: string): void {
    const { quotas, clock, resume } = this.#options;
    const held = this.#held.get(namespace);
    if (held === undefined) return;
    let looked = 0;
    for (const entry of [...held.inOrder()]) {
      if (looked++ >= laneLimits.looked) return;
      if (!held.has(entry) || quotas.allowed(claimOf(entry, 1), clock.now()).slots === 0) continue;
      held.delete(entry);
      resume(entry);
    }
    if (held.size === 0) this.#held.delete(namespace);
  }

  /** The other requesters may use less than before. */
  retry(): void {
    for (const namespace of [...this.#held.keys()]) this.freed(namespace);
  }
}

const claimOf = ({ namespace, target, requirements, slots }: PendingEntry, slotsMax: number): QuotaClaim => ({
  namespace,
  jobId: target.ref.id,
  each: requirements.resources,
  slots: Math.min(slots.length, slotsMax),
});
