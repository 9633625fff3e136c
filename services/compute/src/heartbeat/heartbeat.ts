import type { BidServer, Clock, Process } from "@shoal/core";
import { type NodeInfo, protocolLevel } from "@shoal/proto";
import type { Availability } from "./availability.ts";
import type { NodeInstance } from "./identity.ts";

/** How often the node checks the availability of its parts. A check of an engine costs milliseconds. */
const refreshMs = 10_000;
/** The minimum time between two heartbeats that announce free resources. */
const urgentGapMs = 5;

/** Publishes that the node is alive, and what it has. */
export interface HeartbeatSender extends Process {
  /**
   * Resources became free that an ask was refused for: sends a heartbeat at once, unless one was sent only just before.
   */
  soon(): void;
  /** Ends without a goodbye: another process uses this node id. */
  silence(): void;
}

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly bidServer: Pick<BidServer, "heartbeat">;
  readonly everyMs: number;
  readonly instance: NodeInstance;
  readonly availability: Availability;
  /** The current state of the node. */
  readonly info: () => NodeInfo;
}

export function createHeartbeat({
  clock,
  bidServer,
  everyMs,
  instance,
  availability,
  info,
}: HeartbeatOptions): HeartbeatSender {
  let beating = false;
  let sentAt = Number.NEGATIVE_INFINITY;
  let refreshAt = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  let planned = false;

  function send(leaving: boolean): void {
    sentAt = clock.now();
    const node = { info: info(), ...instance, protocol: protocolLevel };
    bidServer.heartbeat({ ...node, at: sentAt, ...(leaving ? { leaving } : {}) });
  }
  function beat(): void {
    planned = false;
    if (!beating) return;
    send(false);
    cancel();
    cancel = clock.at(sentAt + everyMs, beat);
    if (sentAt < refreshAt) return;
    // The next check starts only after this one has ended, however long it takes.
    refreshAt = Number.POSITIVE_INFINITY;
    void availability.refresh().then(() => {
      refreshAt = clock.now() + refreshMs;
    });
  }
  return {
    name: "heartbeat",
    start: async () => {
      beating = true;
      refreshAt = clock.now() + refreshMs;
      beat();
    },
    stop: async () => {
      if (!beating) return;
      beating = false;
      cancel();
      send(true);
    },
    silence() {
      beating = false;
      cancel();
    },
    soon() {
      if (planned || !beating) return;
      planned = true;
      // After the current event-loop turn, so that one heartbeat announces all resources that it frees.
      if (clock.now() - sentAt >= urgentGapMs) queueMicrotask(beat);
      else clock.at(sentAt + urgentGapMs, beat);
    },
  };
}
