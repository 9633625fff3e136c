import { advertisesSame, backoffMs } from "@shoal/core";
import { addResources, type NodeInfo, noResources, type Resources, timesFitting } from "@shoal/proto";
import type { OtherQueues, RoomLeft } from "./other-queues.ts";
import type { PendingEntry } from "./pending-entry.ts";

interface NodeRoom {
  info: NodeInfo;
  /** Heartbeats so far. */
  beats: number;
  /** Incremented when the node changes what it advertises, or joins again. */
  revision: number;
  /** The room of its last heartbeat, less what was requested and granted since. */
  spare: Resources;
  /** Requested in asks without an answer yet. */
  asked: Resources;
  /** Asks without an answer yet. */
  outstanding: number;
  /** Consecutive asks without an answer; asks sent together count once. */
  silences: number;
  /** The time before which it is not asked for jobs that wait. */
  silentUntil: number;
}

/** Room that one ask claims until it is answered. */
export interface RoomClaim {
  readonly nodeId: string;
  readonly each: Resources;
  readonly slots: number;
  /** The number of the node's heartbeats at that time. */
  readonly beats: number;
}

// A node that does not answer is asked for jobs that wait after its next heartbeat, then half as often each time.
const silenceBackoff = { firstMs: 1_000, maxMs: 30_000 } as const;

/** An entry with a reservation on a node, or with an ask for one. */
export type RoomUser = Pick<PendingEntry, "priority" | "requirements">;

/** An estimate of the room on each candidate node, so that nodes are not asked for more than they have. */
export class NodeRooms {
  readonly #others: Pick<OtherQueues, "leave" | "heartbeat">;
  readonly #rooms = new Map<string, NodeRoom>();
  /** Nodes on which an entry of this requester has reserved room. */
  readonly #reserved = new Map<string, RoomUser>();

  constructor(others: Pick<OtherQueues, "leave" | "heartbeat">) {
    this.#others = others;
  }

  /** Records a heartbeat; true when the node is new or changes what it advertises. */
  put(info: NodeInfo): boolean {
    const room = this.#rooms.get(info.nodeId);
    this.#others.heartbeat(info);
    if (room === undefined) {
      this.#rooms.set(info.nodeId, {
        info,
        beats: 0,
        revision: 1,
        spare: info.available,
        asked: noResources,
        outstanding: 0,
        silences: 0,
        silentUntil: 0,
      });
      return true;
    }
    const isSame = advertisesSame(room.info, info);
    if (!isSame) room.revision += 1;
    room.info = info;
    room.beats += 1;
    room.spare = addResources(info.available, room.asked, -1);
    return !isSame;
  }

  /** The node joined again: it may accept now what it refused permanently. */
  renew(nodeId: string): void {
    const room = this.#rooms.get(nodeId);
    if (room !== undefined) room.revision += 1;
  }

  remove(nodeId: string): boolean {
    this.#reserved.delete(nodeId);
    return this.#rooms.delete(nodeId);
  }

  infoOf(nodeId: string): NodeInfo | undefined {
    return this.#rooms.get(nodeId)?.info;
  }

  revisionOf(nodeId: string): number {
    return this.#rooms.get(nodeId)?.revision ?? 0;
  }

  /** The node has refused the entry for a reason that time does not change, and has not changed since. */
  hasRefused(nodeId: string, { refusedBy }: Pick<PendingEntry, "refusedBy">): boolean {
    return refusedBy.get(nodeId)?.revision === this.revisionOf(nodeId);
  }

  *infos(): Iterable<NodeInfo> {
    for (const { info } of this.#rooms.values()) yield info;
  }

  /** The estimate shows room for one slot on the node, and the node answers asks. */
  hasRoom(nodeId: string, each: Resources, now: number): boolean {
    const room = this.#rooms.get(nodeId);
    if (room === undefined || room.silentUntil > now) return false;
    // Until it answers, one ask at a time is enough.
    return (room.silences === 0 || room.outstanding === 0) && timesFitting(each, room.spare, 1) > 0;
  }

  /** The same for one entry: room that another one has reserved, or that is left to one elsewhere, is not requested. */
  hasRoomFor(nodeId: string, entry: RoomUser, now: number): boolean {
    const each = entry.requirements.resources;
    if (!this.hasRoom(nodeId, each, now) || this.leftTo(nodeId, entry, now) !== undefined) return false;
    const other = this.#reserved.get(nodeId);
    const spare = this.#rooms.get(nodeId)?.spare;
    if (other === undefined || spare === undefined || other === entry || entry.priority > other.priority) return true;
    const { resources } = other.requirements;
    // Until the reservation is complete, the node's heartbeats do not show the gathered room.
    return timesFitting(resources, spare, 1) === 0 || timesFitting(each, addResources(spare, resources, -1), 1) > 0;
  }

  /** The waiting job of another requester to which the node's room is left; undefined when the entry may have some. */
  leftTo(nodeId: string, entry: RoomUser, now: number): string | undefined {
    const { jobId, left } = this.#leave(nodeId, entry, now);
    return jobId === undefined || timesFitting(entry.requirements.resources, left, 1) > 0 ? undefined : jobId;
  }

  /** How many slots of the entry to request of the node: all, unless some of its room is left to other jobs. */
  slotsFor(nodeId: string, entry: RoomUser, { slots, now }: { readonly slots: number; readonly now: number }): number {
    const { jobId, left } = this.#leave(nodeId, entry, now);
    return jobId === undefined ? slots : Math.max(1, timesFitting(entry.requirements.resources, left, slots));
  }

  #leave(nodeId: string, { priority }: RoomUser, now: number): RoomLeft {
    const room = this.#rooms.get(nodeId);
    if (room === undefined) return { left: noResources, jobId: undefined };
    const { info, revision, spare } = room;
    return this.#others.leave({ info, revision, spare, priority, now });
  }

  reserve(nodeId: string, entry: RoomUser): void {
    this.#reserved.set(nodeId, entry);
  }

  endReservation(nodeId: string, entry: RoomUser): void {
    if (this.#reserved.get(nodeId) === entry) this.#reserved.delete(nodeId);
  }

  /** How much of one slot fits on the node by the estimate: below 1, it has too little of some resource. */
  shareOf(nodeId: string, each: Resources): number {
    const spare = this.#rooms.get(nodeId)?.spare ?? noResources;
    const kinds = ["cpuCores", "memoryBytes", "diskBytes", "gpus"] as const;
    return Math.min(...kinds.filter((kind) => each[kind] > 0).map((kind) => spare[kind] / each[kind]));
  }

  /** An ask is sent: its room is not requested a second time. */
  claim({ nodeId, each, slots }: Omit<RoomClaim, "beats">): RoomClaim {
    const room = this.#rooms.get(nodeId);
    const claimed = {
      nodeId,
      each,
      beats: room?.beats ?? 0,
      slots: room === undefined ? 0 : timesFitting(each, room.spare, slots),
    };
    if (room === undefined) return claimed;
    room.spare = addResources(room.spare, each, -claimed.slots);
    room.asked = addResources(room.asked, each, claimed.slots);
    room.outstanding += 1;
    return claimed;
  }

  /**
   * The ask was answered: `used` slots of the claim are granted and needed. `available` is what the node has left when
   * it refuses.
   */
  settle({ nodeId, each, slots, beats }: RoomClaim, used: number, available?: Resources): void {
    const room = this.#rooms.get(nodeId);
    if (room === undefined) return;
    room.outstanding -= 1;
    room.silences = 0;
    room.silentUntil = 0;
    room.asked = addResources(room.asked, each, -slots);
    // A heartbeat since then is newer than the refusal, as nearly always.
    const isLatest = available !== undefined && room.beats === beats;
    room.spare = isLatest ? available : addResources(room.spare, each, slots - used);
  }

  /** No answer arrived in time. Whether the node holds the room is unknown until its next heartbeat. */
  unanswered({ nodeId, each, slots }: RoomClaim, now: number): void {
    const room = this.#rooms.get(nodeId);
    if (room === undefined) return;
    room.outstanding -= 1;
    room.asked = addResources(room.asked, each, -slots);
    if (room.silentUntil > now) return;
    room.silences += 1;
    room.silentUntil = now + backoffMs(silenceBackoff, room.silences);
  }
}
