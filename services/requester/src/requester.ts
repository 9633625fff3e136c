import { kinds as allKinds, type Job, type Kinds, type Process, type World } from "@shoal/core";
import { type Commands, createCommands } from "./commands/commands.ts";
import type { JobDefaults } from "./commands/job-defaults.ts";
import { createConfirmations } from "./nodes/confirmations.ts";
import { LiveMembership, type Membership } from "./nodes/membership.ts";
import { MembershipController } from "./nodes/membership-controller.ts";
import type { Actor } from "./owner/actors.ts";
import { AssignmentReconciler } from "./owner/assignment-reconciler.ts";
import { Auctioneer, type AuctionSettings } from "./owner/auctioneer.ts";
import { createDispatcher, type Dispatcher } from "./owner/dispatcher.ts";
import { EffectDeliverer } from "./owner/effect-deliverer.ts";
import { Owner } from "./owner/owner.ts";
import { createPlaceables } from "./owner/placeable.ts";
import { Reconciler } from "./owner/reconciler.ts";
import { WaitingRoom } from "./owner/waiting-room.ts";
import type { RequesterPorts } from "./ports.ts";
import { Roster } from "./reads/roster.ts";

/** What the owner and the membership need to know. Durations in milliseconds. */
export interface RequesterSettings {
  readonly requesterId: string;
  readonly auction: AuctionSettings;
  readonly nodes: { readonly disconnectAfterMs: number; readonly settleMs: number };
  readonly positionsMs: number;
  readonly jobDefaults?: JobDefaults;
  /** The kinds of aggregates that it knows; all of this version when left out. */
  readonly kinds?: Kinds;
}

/** A requester: the list is the start order, the stop order and the architecture. The API goes behind it. */
export interface Requester {
  readonly processes: readonly Process[];
  readonly commands: Commands;
  readonly dispatcher: Dispatcher;
  readonly membership: Membership;
  readonly owner: Pick<Owner, "holdings">;
  readonly roster: Roster;
}

// Jobs that one heartbeat, or one node that is new, calls in. Each that finds its place calls in more, so a few suffice to fill whatever is free.
const wokenAtOnce = 4;

/** Builds a requester over its ports; nothing happens until its processes are started, in their order. */
export function createRequester(settings: RequesterSettings, ports: RequesterPorts): Requester {
  const { requesterId: by, nodes, positionsMs, jobDefaults, kinds = allKinds } = settings;
  const { market, clock, chance, diary } = ports;
  const waitingRoom = new WaitingRoom();
  const membership = new LiveMembership({
    market,
    nodes: ports.views.nodes,
    clock,
    ...nodes,
    watcher: {
      heard: (heartbeat) => {
        controller.onHeartbeat(heartbeat);
        waitingRoom.wake(wokenAtOnce);
      },
      gone: (nodeId) => void owner.reconcileNode(nodeId),
      known: (nodeId, state) => {
        if (state !== "connected") return;
        controller.expect(nodeId);
        assignments.soon(nodeId);
        waitingRoom.wake(wokenAtOnce);
      },
      resumed: () => assignments.soon(),
      settled: () => waitingRoom.wake(waitingRoom.size()),
    },
  });
  const placeables = createPlaceables(by);
  const actorOf = new WeakMap<object, Actor>();
  const auctioneer = new Auctioneer({
    ...ports,
    membership,
    waitingRoom,
    auction: settings.auction,
    again: (job) => {
      const actor = actorOf.get(job);
      if (actor !== undefined) reconciler.reconcile(actor);
    },
  });
  const world: World = { isGone: (nodeId) => membership.isGone(nodeId), nodes: () => membership.askable() };
  const dispatcher: Dispatcher = createDispatcher({
    ports,
    kinds,
    by,
    local: (envelope) => owner.command(envelope),
    onAppended: (stored, state) => {
      owner.onAppended(stored);
      // Jobs alone are listed.
      if (stored.aggregate.kind === "job") ports.catalog.folded(state as Job);
    },
  });
  const effects = new EffectDeliverer({ clock, diary, kinds, by, dispatcher });
  const reconciler = new Reconciler({
    clock,
    by,
    world,
    effects,
    scheduler: {
      request: (actor, slots) => {
        if (slots.length === 0) return;
        const job = placeables(actor);
        actorOf.set(job, actor);
        auctioneer.look(
          job,
          slots.map(({ slot }) => slot),
        );
      },
      remove: (actor) => auctioneer.forget(actor.ref.id),
    },
  });
  const roster = new Roster(clock);
  const owner = new Owner({
    ports: { ...ports, leases: roster.over(ports.leases) },
    kinds,
    reconciler,
    by,
    positionsMs,
    onMoved: (shard, isMine) => {
      if (!isMine) return controller.forgetShard(shard);
      assignments.soon();
      for (const nodeId of membership.connected()) controller.expect(nodeId);
    },
  });
  const controller = new MembershipController({
    clock,
    diary,
    by,
    disconnectAfterMs: nodes.disconnectAfterMs,
    leaseOf: (shard) => owner.leaseOf(shard),
    command: (given) => owner.command(given),
  });
  const assignments = new AssignmentReconciler(ports, owner);
  const commands = createCommands({ dispatcher, chance, jobDefaults });
  const controlling: Process = {
    name: "membership controller",
    start: async () => undefined,
    stop: async () => controller.close(),
  };
  const confirmations = createConfirmations(ports);
  const processes = [membership, controlling, owner, assignments, confirmations];
  return { processes, commands, dispatcher, membership, owner, roster };
}
