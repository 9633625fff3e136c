import { backoffMs, causeOf, entries, Fault, type Process, pause, type ViewEntry } from "@shoal/core";
import { buckets, confirmedMax, shardOf } from "@shoal/proto";
import { z } from "zod";
import type { RequesterPorts } from "../../ports.ts";
import type { AnyActor } from "../aggregate/actors.ts";
import type { Owner } from "../owner.ts";
import { type AssignmentClaim, checkAssignments } from "./assignment-check.ts";
import { readEntries } from "./read-entries.ts";

export type ReconcilerPorts = Pick<RequesterPorts, "log" | "views" | "logger" | "clock">;

/** The owned shards, and every unsettled aggregate in them. */
export type OwnedAggregates = Pick<Owner, "leaseOf" | "actors">;

// Shards are claimed in a row, and nodes return together: one pass over the bucket serves them all.
const collectMs = 500;
// The pause between two passes: reading a bucket of some ten thousand entries takes half a second of a server's time.
// After failed passes it grows: one damaged job must not cause a read of the whole bucket every five seconds.
const gap = { firstMs: 5_000, maxMs: 300_000 } as const;
// A pass without a cause: it finds changes without an event, such as a late write after the bucket was deleted.
const everyMs = 20_000;
// That pass takes at most a fiftieth of the time, however large the bucket is.
const everyShare = 50;

/** The part of an assignment that names its job. */
const Address = z.object({ jobId: z.string(), namespace: z.string() });

/**
 * Reconciles the assignments of the owned shards with the log: removes settled ones, rewrites missing ones. It runs
 * after a shard was claimed, a node returned or the connection to the server was restored, and periodically.
 */
export class AssignmentReconciler implements Process {
  readonly name = "assignment reconciler";
  readonly #ports: ReconcilerPorts;
  readonly #owned: OwnedAggregates;
  readonly #closed = new AbortController();
  /** The part of the bucket to reconcile: everything, or the entries of these nodes. */
  #due: Set<string> | "everything" = new Set();
  #running: Promise<void> | undefined;
  #cancelNext: (() => void) | undefined;
  #started = false;

  constructor(ports: ReconcilerPorts, owned: OwnedAggregates) {
    this.#ports = ports;
    this.#owned = owned;
  }

  async start(): Promise<void> {
    this.#started = true;
    this.#run();
  }

  async stop(): Promise<void> {
    this.#closed.abort();
    this.#cancelNext?.();
    await this.#running;
  }

  /** Schedules a pass over the entries of a node, or over all. */
  soon(nodeId?: string): void {
    if (nodeId === undefined) this.#due = "everything";
    else if (this.#due !== "everything") this.#due.add(nodeId);
    this.#run();
  }

  #run(): void {
    if (!this.#started || this.#closed.signal.aborted || this.#isIdle()) return;
    this.#running ??= this.#untilDone().finally(() => {
      this.#running = undefined;
    });
  }

  #isIdle(): boolean {
    return this.#due !== "everything" && this.#due.size === 0;
  }

  async #untilDone(): Promise<void> {
    const { clock, logger } = this.#ports;
    const { signal } = this.#closed;
    let failures = 0;
    let tookMs = 0;
    this.#cancelNext?.();
    await pause(clock, collectMs, signal);
    while (!signal.aborted && !this.#isIdle()) {
      const due = this.#due;
      this.#due = new Set();
      const beganAt = clock.now();
      try {
        for (const pattern of due === "everything" ? [">"] : [...due].map((nodeId) => `${nodeId}.>`))
          await this.#reconcile(pattern);
        failures = 0;
        tookMs = clock.now() - beganAt;
      } catch (failure) {
        this.#due = "everything";
        failures++;
        logger.warn(causeOf(failure), "could not compare the assignments with the log; retrying");
      }
      await pause(clock, backoffMs(gap, failures + 1), signal);
    }
    if (!signal.aborted)
      this.#cancelNext = clock.at(clock.now() + Math.max(everyMs, tookMs * everyShare), () => this.soon());
  }

  async #reconcile(pattern: string): Promise<void> {
    const { views, clock } = this.#ports;
    const { signal } = this.#closed;
    const claims = this.#claims(pattern, await readEntries(views.assignments, { pattern, clock, signal }));
    let failed = 0;
    for (let first = 0; first < claims.length && !this.#closed.signal.aborted; first += confirmedMax)
      failed += await this.#failedOf(claims.slice(first, first + confirmedMax));
    if (failed > 0) throw new Fault("LOG_UNREACHABLE", `${failed} of ${claims.length} could not be compared`);
  }

  async #failedOf(claims: readonly AssignmentClaim[]): Promise<number> {
    const verdicts = await checkAssignments(this.#ports, claims);
    return claims.length - verdicts.size;
  }

  /** The differences from the jobs in memory. The log decides which of them are wrong. */
  #claims(pattern: string, there: ReadonlyMap<string, ViewEntry>): readonly AssignmentClaim[] {
    const claims: AssignmentClaim[] = [];
    const expected = new Set<string>();
    const nodes = pattern === ">" ? undefined : pattern.slice(0, -1);
    for (const actor of this.#owned.actors()) {
      const { id: jobId, namespace } = actor.ref;
      for (const key of assignedBy(actor)) {
        if (nodes !== undefined && !key.startsWith(nodes)) continue;
        expected.add(key);
        if (!there.has(key)) claims.push({ ...partsOf(key), jobId, namespace, isAssigned: false });
      }
    }
    for (const [key, value] of there) {
      const address = Address.safeParse(value);
      if (expected.has(key) || !address.success || this.#owned.leaseOf(shardOf(address.data.jobId)) === undefined)
        continue;
      claims.push({ ...partsOf(key), ...address.data, isAssigned: true });
    }
    return claims;
  }
}

/** The keys of an aggregate's assignments. */
function assignedBy(actor: AnyActor): readonly string[] {
  const state = actor.state();
  const view = actor.kind.views.find(({ bucket }) => bucket.name === buckets.assignments);
  return state === undefined || view === undefined ? [] : entries(view, state).map(({ key }) => key);
}

/** The node and the execution that a key of the bucket names. */
function partsOf(key: string): { readonly nodeId: string; readonly executionId: string } {
  const dot = key.indexOf(".");
  return { nodeId: key.slice(0, dot), executionId: key.slice(dot + 1) };
}
