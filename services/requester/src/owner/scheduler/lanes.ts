import {
  askedOf,
  classKeyOf,
  EligibleNodes,
  evaluateAll,
  filters,
  SchedulingClass,
  type Slot,
  scheduleLimits,
} from "@shoal/core";
import { type NodeInfo, type QueuedJob, queuedJobsMax, type Requirements, shortage } from "@shoal/proto";
import { Lane } from "./lane.ts";
import { NamespaceTurns } from "./namespace-turns.ts";
import type { NodeRooms } from "./node-rooms.ts";
import type { PendingEntry } from "./pending-entry.ts";

const fitsAllFilters = ({ requirements }: PendingEntry, info: NodeInfo): boolean =>
  evaluateAll(filters, { requirements, info }).fit;

// Nodes of a class fit everything except, at the edge of a size class, the exact size.
const fitsSize = ({ requirements }: PendingEntry, { perTask }: NodeInfo): boolean =>
  shortage(requirements.resources, perTask) === undefined;

/**
 * Every lane of a requester: one for each scheduling class, one for each node with pinned slots, one for entries
 * without a class.
 */
export class Lanes {
  readonly #rooms: NodeRooms;
  readonly #turns = new NamespaceTurns();
  readonly #classes = new Map<string, { readonly of: SchedulingClass; readonly lane: Lane }>();
  readonly #pinned = new Map<string, Lane>();
  readonly #everyNode = new EligibleNodes();
  readonly #mixed: Lane;

  constructor(rooms: NodeRooms) {
    this.#rooms = rooms;
    this.#mixed = new Lane({
      ...{ rooms, turns: this.#turns },
      pool: this.#everyNode,
      refused: new Set(),
      fits: fitsAllFilters,
      isMixed: true,
    });
  }

  /** The lane of slots with these requirements. */
  laneFor(requirements: Requirements, { pinnedTo }: Pick<Slot, "pinnedTo">): Lane {
    if (pinnedTo !== undefined) return this.#pinnedTo(pinnedTo);
    const key = classKeyOf(requirements);
    if (key === undefined) return this.#mixed;
    const known = this.#classes.get(key);
    if (known === undefined) return this.#newClass(key, requirements);
    // The least recently used one comes first.
    this.#classes.delete(key);
    this.#classes.set(key, known);
    return known.lane;
  }

  /** A node joined, or changed what it advertises. */
  put(info: NodeInfo): void {
    const { nodeId } = info;
    this.#everyNode.add(nodeId);
    for (const { of } of this.#classes.values()) of.put(info);
    this.#pinned.get(nodeId)?.pool.add(nodeId);
  }

  /** The node is gone. */
  remove(nodeId: string): void {
    for (const lane of this.#lanesFor(nodeId)) lane.forget(nodeId);
    this.#everyNode.delete(nodeId);
    for (const { of } of this.#classes.values()) of.remove(nodeId);
    this.#pinned.get(nodeId)?.pool.delete(nodeId);
    this.tidy(nodeId);
  }

  /** Lanes with entries, whose nodes include this one. */
  *busyWith(nodeId: string): Iterable<Lane> {
    for (const lane of this.#lanesFor(nodeId)) if (!lane.isEmpty) yield lane;
  }

  /** Every lane with entries that wait. */
  *waiting(): Iterable<Lane> {
    for (const { lane } of this.#classes.values()) if (lane.waiting > 0) yield lane;
    for (const lane of this.#pinned.values()) if (lane.waiting > 0) yield lane;
    if (this.#mixed.waiting > 0) yield this.#mixed;
  }

  /** The first job that waits for room in each lane, for the other requesters: those of the highest priorities. */
  queuedJobs(): QueuedJob[] {
    const queued = [...this.#classes.values()].flatMap(({ lane }) => queuedJobOf(lane, undefined));
    for (const [nodeId, lane] of this.#pinned) queued.push(...queuedJobOf(lane, nodeId));
    queued.push(...queuedJobOf(this.#mixed, undefined));
    return queued.toSorted((a, b) => b.priority - a.priority).slice(0, queuedJobsMax);
  }

  /** A lane may have become empty: that of a node's pinned slots is removed. */
  tidy(pinnedTo: string | undefined): void {
    if (pinnedTo !== undefined && this.#pinned.get(pinnedTo)?.isEmpty === true) this.#pinned.delete(pinnedTo);
  }

  *#lanesFor(nodeId: string): Iterable<Lane> {
    for (const { lane } of this.#classes.values()) if (!lane.isEmpty && lane.pool.has(nodeId)) yield lane;
    const pinned = this.#pinned.get(nodeId);
    if (pinned !== undefined) yield pinned;
    yield this.#mixed;
  }

  #pinnedTo(nodeId: string): Lane {
    const known = this.#pinned.get(nodeId);
    if (known !== undefined) return known;
    const pool = new EligibleNodes();
    if (this.#everyNode.has(nodeId)) pool.add(nodeId);
    const lane = new Lane({
      ...{ rooms: this.#rooms, turns: this.#turns, pool },
      refused: new Set(),
      fits: fitsAllFilters,
      isMixed: true,
    });
    this.#pinned.set(nodeId, lane);
    return lane;
  }

  #newClass(key: string, requirements: Requirements): Lane {
    if (this.#classes.size >= scheduleLimits.classes && !this.#dropIdle()) return this.#mixed;
    const of = new SchedulingClass(requirements, this.#rooms.infos());
    const lane = new Lane({
      ...{ rooms: this.#rooms, turns: this.#turns },
      pool: of.eligible,
      refused: of.refused,
      fits: fitsSize,
      isMixed: false,
    });
    this.#classes.set(key, { of, lane });
    return lane;
  }

  /** Makes room for a class by removing the least recently used one. */
  #dropIdle(): boolean {
    for (const [key, { lane }] of this.#classes) {
      if (lane.isEmpty) return this.#classes.delete(key);
    }
    return false;
  }
}

function queuedJobOf(lane: Lane, nodeId: string | undefined): readonly QueuedJob[] {
  const first = lane.first();
  if (first === undefined) return [];
  const { target, priority, requirements } = first.entry;
  const pinned = nodeId === undefined ? {} : { nodeId };
  return [{ jobId: target.ref.id, priority, slots: first.slots, requirements: askedOf(requirements), ...pinned }];
}
