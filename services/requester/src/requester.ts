import type { Process } from "@shoal/core";
import { type Commands, createCommands } from "./commands/commands.ts";
import type { JobDefaults } from "./commands/job-defaults.ts";
import { createConfirmations } from "./nodes/confirmations.ts";
import { LiveMembership, type Membership } from "./nodes/membership.ts";
import { Registrar } from "./nodes/registrar.ts";
import { AssignmentReconciler } from "./owner/assignment-reconciler.ts";
import { Auctioneer, type AuctionSettings } from "./owner/auctioneer.ts";
import type { JobDesk } from "./owner/job-desk.ts";
import { JobKeeper } from "./owner/job-keeper.ts";
import { Owner } from "./owner/owner.ts";
import { WaitingRoom } from "./owner/waiting-room.ts";
import type { RequesterPorts } from "./ports.ts";
import { Roster } from "./reads/roster.ts";

/** What the owner and the membership need to be told. Durations in milliseconds. */
export interface RequesterSettings {
  readonly requesterId: string;
  readonly auction: AuctionSettings;
  readonly nodes: { readonly disconnectAfterMs: number; readonly settleMs: number };
  readonly checkpointMs: number;
  readonly jobDefaults?: JobDefaults;
}

/** A requester: the list is the start order, the stop order and the architecture. Doors (the API) go behind it. */
export interface Requester {
  readonly processes: readonly Process[];
  readonly commands: Commands;
  readonly membership: Membership;
  readonly owner: Pick<Owner, "holdings">;
  readonly roster: Roster;
}

// Jobs that one heartbeat, or one node that is new, calls in. Each that finds its place calls in more, so a few suffice to fill whatever is free.
const wokenAtOnce = 4;

/** Builds a requester over its ports; nothing happens until its processes are started, in their order. */
export function createRequester(settings: RequesterSettings, ports: RequesterPorts): Requester {
  const { requesterId: by, nodes, checkpointMs, jobDefaults } = settings;
  const { market, clock } = ports;
  const waitingRoom = new WaitingRoom();
  const membership = new LiveMembership({
    market,
    nodes: ports.views.nodes,
    clock,
    ...nodes,
    watcher: {
      heard: (heartbeat) => {
        registrar.heard(heartbeat);
        waitingRoom.wake(wokenAtOnce);
      },
      gone: () => owner.lookAtAll(),
      known: (nodeId, state) => {
        if (state !== "connected") return;
        registrar.expect(nodeId);
        reconciler.soon(nodeId);
        waitingRoom.wake(wokenAtOnce);
      },
      resumed: () => reconciler.soon(),
      settled: () => waitingRoom.wake(waitingRoom.size()),
    },
  });
  const again = (desk: JobDesk): void => keeper.look(desk);
  const auctioneer = new Auctioneer({ ...ports, membership, waitingRoom, auction: settings.auction, again });
  const keeper = new JobKeeper({ clock, membership, auctioneer });
  const roster = new Roster(clock);
  const owner = new Owner({
    ports: { ...ports, leases: roster.over(ports.leases) },
    keeper,
    by,
    checkpointMs,
    moved: (shard, mine) => {
      if (!mine) return registrar.forgetShard(shard);
      reconciler.soon();
      for (const nodeId of membership.connected()) registrar.expect(nodeId);
    },
    nodeMoved: (stored) => registrar.noticed(stored),
  });
  const registrar = new Registrar({
    ports,
    by,
    disconnectAfterMs: nodes.disconnectAfterMs,
    leaseOf: (shard) => owner.leaseOf(shard),
  });
  const reconciler = new AssignmentReconciler(ports, owner);
  const commands = createCommands(ports, {
    by,
    jobDefaults,
    noticed: (stored, job) => {
      owner.noticed(stored);
      ports.catalog.folded(job);
    },
  });
  const registering: Process = { name: "registrar", start: async () => undefined, stop: async () => registrar.close() };
  const confirmations = createConfirmations(ports);
  const processes = [membership, registering, owner, reconciler, confirmations];
  return { processes, commands, membership, owner, roster };
}
