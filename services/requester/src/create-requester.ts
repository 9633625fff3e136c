import { kinds as allKinds, type Job, type Kinds, type Process, type World } from "@shoal/core";
import { featureLevel } from "@shoal/proto";
import { type Commands, createCommands } from "./commands/commands.ts";
import type { JobDefaults } from "./commands/job-defaults.ts";
import { OpenLimit } from "./commands/open-limit.ts";
import { createConfirmations } from "./nodes/confirmations.ts";
import { LiveMembership, type Membership, type MembershipWatcher } from "./nodes/membership.ts";
import { MembershipController } from "./nodes/membership-controller.ts";
import { NodeChanges } from "./nodes/node-changes.ts";
import { EffectDeliverer } from "./owner/aggregate/effect-deliverer.ts";
import { FeatureGate } from "./owner/aggregate/feature-gate.ts";
import { Reconciler } from "./owner/aggregate/reconciler.ts";
import { createDispatcher, type Dispatcher } from "./owner/dispatcher.ts";
import { Owner } from "./owner/owner.ts";
import type { BiddingSettings } from "./owner/scheduler/bidding-round.ts";
import type { Quota } from "./owner/scheduler/namespace-quotas.ts";
import type { Preempt } from "./owner/scheduler/place-entry.ts";
import { createPlaceables } from "./owner/scheduler/placeables.ts";
import { preemptVictims } from "./owner/scheduler/preempt-victims.ts";
import { createQueueExchange } from "./owner/scheduler/queue-exchange.ts";
import { Scheduler } from "./owner/scheduler/scheduler.ts";
import { AssignmentReconciler } from "./owner/views/assignment-reconciler.ts";
import type { RequesterPorts } from "./ports.ts";
import { Roster } from "./reads/roster.ts";
import type { KeyRing } from "./secrets/key-ring.ts";
import { createSecretRequests } from "./secrets/secret-requests.ts";
import { createSecrets, type Secrets } from "./secrets/secrets.ts";

/** Settings of the owner and the membership. Durations in milliseconds. */
export interface RequesterSettings {
  readonly requesterId: string;
  readonly auction: BiddingSettings;
  readonly nodes: {
    readonly disconnectAfterMs: number;
    readonly settleMs: number;
    /** How long a node may be disconnected before it is forgotten; seven days when left out. */
    readonly forgetAfterMs?: number;
    /** Nodes that join wait for an operator's approval; they need none when left out. */
    readonly manualApproval?: boolean;
  };
  readonly positionsMs: number;
  readonly jobDefaults?: JobDefaults;
  /** The most that the jobs of a namespace may use at once, by namespace; no quotas when left out. */
  readonly quotas?: ReadonlyMap<string, Quota>;
  /** The maximum number of open aggregates in the cluster; no limit when left out. */
  readonly jobs?: { readonly openMax: number };
  /** The cluster's keys for secrets; without them it neither stores nor opens any. */
  readonly keys?: KeyRing | undefined;
  /** The kinds of aggregates that it can read; all of this version when left out. */
  readonly kinds?: Kinds;
  /** The highest feature level that it supports; this release's level when left out. */
  readonly featureLevel?: number;
}

/** A requester. The list is the start order, the stop order and the architecture. The API comes after it. */
export interface Requester {
  readonly processes: readonly Process[];
  readonly commands: Commands;
  readonly secrets: Secrets;
  readonly dispatcher: Dispatcher;
  readonly membership: Membership;
  readonly owner: Pick<Owner, "holdings">;
  readonly roster: Roster;
  readonly features: FeatureGate;
}

/** The aggregate of a node. */
interface NodeParts {
  readonly controller: MembershipController;
  readonly scheduler: Scheduler;
  readonly owner: Owner;
  readonly assignments: AssignmentReconciler;
  readonly changes: NodeChanges;
}

/** Builds a requester over its ports. Nothing happens until its processes are started, in order. */
export function createRequester(settings: RequesterSettings, ports: RequesterPorts): Requester {
  const { requesterId: by, kinds = allKinds, positionsMs } = settings;
  const { bidClient, clock, random, logger, views, log } = ports;
  const features = new FeatureGate({ supported: settings.featureLevel ?? featureLevel, logger });
  // The parts refer to each other: a part that is called back looks up its counterpart when it is called.
  const parts = (): NodeParts => ({ controller, scheduler, owner, assignments, changes });
  const watcher = watcherOf(parts);
  const membership = new LiveMembership({
    ...{ bidClient, clock, watcher },
    ...settings.nodes,
    nodes: views.nodes,
    log,
  });
  const changes = new NodeChanges({
    ...{ clock, disconnectAfterMs: settings.nodes.disconnectAfterMs },
    isCandidate: (nodeId) => membership.candidate(nodeId) !== undefined,
    onChanged: () => void owner.reconcileFollowers(),
  });
  const preempt: Preempt = (...order) => preemptVictims({ dispatcher, by, logger }, ...order);
  const scheduler = new Scheduler({ ...ports, ...settings, membership, preempt });
  const exchange = createQueueExchange({
    ...{ requesterId: by, summaries: ports.summaries, clock, logger },
    summary: () => scheduler.summary(),
    received: (summary) => scheduler.onSummary(summary),
    elapsed: () => scheduler.retryHeld(),
  });
  const dispatcher = dispatcherOf({ ports, kinds, by, features, owner: () => owner });
  const effects = new EffectDeliverer({ clock, logger, kinds, by, dispatcher });
  const placeables = createPlaceables(scheduler, by);
  const reconciler = new Reconciler({ clock, by, world: worldOf(membership), effects, scheduler: placeables });
  const roster = new Roster(clock);
  const owner = new Owner({
    ports: { ...ports, leases: roster.over(ports.leases) },
    ...{ kinds, reconciler, by, features, positionsMs },
    isExcluded: (nodeId) => membership.isExcluded(nodeId),
    onMoved: (shard, isMine) => {
      if (!isMine) return controller.forgetShard(shard);
      assignments.soon();
      for (const nodeId of membership.connected()) controller.expect(nodeId);
    },
  });
  const controller = new MembershipController({
    ...{ clock, logger },
    ...settings.nodes,
    leaseOf: (shard) => owner.leaseOf(shard),
    command: (given) => owner.command(given),
  });
  const assignments = new AssignmentReconciler(ports, owner);
  const openOf = (shard: number) => owner.openOf(shard);
  const openLimit = settings.jobs && new OpenLimit({ ...ports, ...settings.jobs, openOf });
  const secrets = createSecrets({ dispatcher, ports, keys: settings.keys });
  const commands = createCommands({ dispatcher, random, jobDefaults: settings.jobDefaults, openLimit, secrets });
  // A requester without keys does not answer nodes: another one may have them.
  const answering = settings.keys === undefined ? [] : [createSecretRequests({ ports, secrets })];
  const work = [membership, changes, controller, exchange, owner, assignments];
  const processes = [...work, createConfirmations(ports), ...answering];
  return { processes, commands, secrets, dispatcher, membership, owner, roster, features };
}

/** What deciders may know of the nodes. */
const worldOf = (membership: LiveMembership): World => ({
  isGone: (nodeId) => membership.isGone(nodeId),
  removalOf: (nodeId) => membership.removalOf(nodeId),
  drainOf: (nodeId) => membership.drainOf(nodeId),
  nodes: () => membership.connected().flatMap((nodeId) => membership.candidate(nodeId) ?? []),
  settled: () => membership.settled(),
});

function watcherOf(parts: () => NodeParts): MembershipWatcher {
  return {
    received(heartbeat) {
      parts().controller.onHeartbeat(heartbeat);
      parts().scheduler.heartbeat(heartbeat.info);
      parts().changes.received(heartbeat.info.nodeId);
    },
    gone(nodeId) {
      parts().scheduler.nodeGone(nodeId);
      parts().changes.gone(nodeId);
      void parts().owner.reconcileNode(nodeId);
    },
    known(nodeId, state) {
      if (state !== "connected") return;
      parts().controller.expect(nodeId);
      parts().assignments.soon(nodeId);
      parts().scheduler.nodeChanged(nodeId);
      parts().changes.received(nodeId);
      parts().changes.changed();
      void parts().owner.reconcileNode(nodeId);
    },
    resumed: () => parts().assignments.soon(),
    settled() {
      parts().scheduler.settled();
      parts().changes.changed();
    },
  };
}

interface DispatcherParts {
  readonly ports: RequesterPorts;
  readonly kinds: Kinds;
  readonly by: string;
  readonly features: FeatureGate;
  readonly owner: () => Owner;
}

function dispatcherOf({ ports, kinds, by, features, owner }: DispatcherParts): Dispatcher {
  return createDispatcher({
    ...{ ports, kinds, by, features },
    local: (envelope) => owner().command(envelope),
    onAppended: (stored, state) => {
      owner().onAppended(stored);
      // Lists contain only jobs.
      if (stored.aggregate.kind === "job") ports.catalog.folded(state as Job);
    },
  });
}
