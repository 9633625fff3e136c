import { evaluateAll, filters } from "@shoal/core";
import {
  addResources,
  type HeldJob,
  type NamespaceUse,
  type NodeInfo,
  type QueuedJob,
  type QueueSummary,
  type Resources,
  timesFitting,
} from "@shoal/proto";

/** How long a summary counts: three times the interval at which a live requester repeats it. */
const summaryMs = 3_000;

/**
 * How long a node's room is left to a waiting job of another requester: time for its owner to see the heartbeat, and to
 * ask. It has taken the room by then, or the node refuses it.
 */
const leftMs = 3_000;

interface Received {
  readonly summary: QueueSummary;
  readonly at: number;
}

/** A node with room, and for whom. */
export interface RoomRequest {
  readonly info: NodeInfo;
  /** Changes with what the node advertises. */
  readonly revision: number;
  readonly spare: Resources;
  readonly priority: number;
  readonly now: number;
}

/** What is left of a node's room. */
export interface RoomLeft {
  readonly left: Resources;
  /** A job that the rest is left to; undefined when there is none. */
  readonly jobId: string | undefined;
}

/** The queues of the other requesters, as their summaries show them. A requester that is silent is forgotten. */
export class OtherQueues {
  readonly #received = new Map<string, Received>();
  /** Since when a node's room is left to a job, by node. */
  readonly #leftSince = new Map<string, Map<string, { readonly first: QueuedJob; readonly since: number }>>();
  /** Whether a node that advertises this revision fits. */
  readonly #fitting = new WeakMap<QueuedJob, Map<string, { readonly revision: number; readonly fits: boolean }>>();

  put(summary: QueueSummary, at: number): void {
    this.#received.set(summary.requesterId, { summary, at });
    const waiting = new Set(
      [...this.#received.values()].flatMap((each) => each.summary.queued.map(({ jobId }) => jobId)),
    );
    for (const [nodeId, jobs] of this.#leftSince) {
      for (const jobId of jobs.keys()) if (!waiting.has(jobId)) jobs.delete(jobId);
      if (jobs.size === 0) this.#leftSince.delete(nodeId);
    }
  }

  /** What the namespace uses of all other requesters. */
  *usesOf(namespace: string, now: number): Iterable<NamespaceUse> {
    for (const { uses } of this.#fresh(now)) {
      const use = Object.hasOwn(uses, namespace) ? uses[namespace] : undefined;
      if (use !== undefined) yield use;
    }
  }

  /** The jobs of other requesters for which the namespace's quota is kept. */
  *heldOf(namespace: string, now: number): Iterable<HeldJob> {
    for (const { held } of this.#fresh(now)) {
      const job = Object.hasOwn(held, namespace) ? held[namespace] : undefined;
      if (job !== undefined) yield job;
    }
  }

  /** The room that waiting jobs of higher priority leave. Their slots are subtracted while they fit. */
  leave({ info, revision, spare, priority, now }: RoomRequest): RoomLeft {
    let [left, jobId]: [Resources, string | undefined] = [spare, undefined];
    for (const { queued } of this.#fresh(now)) {
      for (const first of queued) {
        // The highest priority comes first.
        if (first.priority <= priority) break;
        const { resources } = first.requirements;
        const slots = timesFitting(resources, left, first.slots);
        if (slots === 0 || !this.#fits(first, info, revision) || !this.#isLeft(first, info.nodeId, now)) continue;
        left = addResources(left, resources, -slots);
        jobId = first.jobId;
      }
    }
    return { left, jobId };
  }

  /** On a heartbeat: room that is taken was left long enough; room that comes free later is left again. */
  heartbeat({ nodeId, available }: NodeInfo): void {
    const jobs = this.#leftSince.get(nodeId);
    for (const [jobId, { first }] of jobs ?? [])
      if (timesFitting(first.requirements.resources, available, 1) === 0) jobs?.delete(jobId);
    if (jobs?.size === 0) this.#leftSince.delete(nodeId);
  }

  *#fresh(now: number): Iterable<QueueSummary> {
    for (const [requesterId, { summary, at }] of this.#received) {
      if (now - at < summaryMs) yield summary;
      else this.#received.delete(requesterId);
    }
  }

  #fits(first: QueuedJob, info: NodeInfo, revision: number): boolean {
    const { requirements, nodeId } = first;
    if (nodeId !== undefined && nodeId !== info.nodeId) return false;
    const known = this.#fitting.get(first) ?? new Map();
    this.#fitting.set(first, known);
    const before = known.get(info.nodeId);
    if (before?.revision === revision) return before.fits;
    const { fit: fits } = evaluateAll(filters, { requirements, info });
    known.set(info.nodeId, { revision, fits });
    return fits;
  }

  #isLeft(first: QueuedJob, nodeId: string, now: number): boolean {
    const jobs = this.#leftSince.get(nodeId) ?? new Map<string, { first: QueuedJob; since: number }>();
    this.#leftSince.set(nodeId, jobs);
    const { since } = jobs.get(first.jobId) ?? { since: now };
    jobs.set(first.jobId, { first, since });
    return now - since < leftMs;
  }
}
