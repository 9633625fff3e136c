import type { BidServer, Clock, Process } from "@shoal/core";
import { type NodeInfo, protocolLevel } from "@shoal/proto";
import type { Availability } from "./availability.ts";
import type { NodeInstance } from "./identity.ts";

/** How often the node looks again at what its parts can do. Asking an engine costs milliseconds. */
const refreshMs = 10_000;
/** The least time between two heartbeats that are said because room came free. */
const urgentGapMs = 5;

/** Says that the node lives, and what it has. */
export interface HeartbeatSender extends Process {
  /** Room came free that somebody was refused for: says so at once, unless it has only just said something. */
  soon(): void;
  /** Ends without a goodbye: another process speaks for this node. */
  silence(): void;
}

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly bidServer: Pick<BidServer, "heartbeat">;
  readonly everyMs: number;
  readonly instance: NodeInstance;
  readonly availability: Availability;
  /** The node as it is now. */
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
  let saidAt = Number.NEGATIVE_INFINITY;
  let refreshAt = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  let planned = false;

  function say(leaving: boolean): void {
    saidAt = clock.now();
    const node = { info: info(), ...instance, protocol: protocolLevel };
    bidServer.heartbeat({ ...node, at: saidAt, ...(leaving ? { leaving } : {}) });
  }
  function beat(): void {
    planned = false;
    if (!beating) return;
    say(false);
    cancel();
    cancel = clock.at(saidAt + everyMs, beat);
    if (saidAt < refreshAt) return;
    // Not again until this look has ended, however long it takes.
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
      say(true);
    },
    silence() {
      beating = false;
      cancel();
    },
    soon() {
      if (planned || !beating) return;
      planned = true;
      // After what happens in this moment, so that all the room that it frees is said at once.
      if (clock.now() - saidAt >= urgentGapMs) queueMicrotask(beat);
      else clock.at(saidAt + urgentGapMs, beat);
    },
  };
}
