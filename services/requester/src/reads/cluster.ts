import { Fault, type LeaseSnapshot, type Leases, type MemberInfo } from "@shoal/core";
import {
  type ClusterEntity,
  type FinishedUpgradeEntity,
  type HoldingsEntity,
  protocolLevel,
  protocolLevelMin,
} from "@shoal/proto";
import type { Membership } from "../nodes/membership.ts";
import type { Holding } from "../owner/owner.ts";
import type { Roster } from "./roster.ts";

/** The operator's view of the cluster, and its upgrade. */
export interface ClusterControl {
  status(): ClusterEntity;
  /** The load of this requester. */
  holdings(): HoldingsEntity;
  /** Whether a part of the bucket that this requester owns is being rebuilt: lists of it are incomplete. */
  isRebuilding(bucket: string): boolean;
  /**
   * Raises the feature level to the one that every live requester supports. Throws Fault UPGRADE_UNFINISHED with the
   * requesters that are behind, and LOG_UNREACHABLE.
   */
  finishUpgrade(): Promise<FinishedUpgradeEntity>;
}

export interface ClusterParts {
  readonly requesterId: string;
  readonly roster: Pick<Roster, "living" | "snapshot">;
  readonly membership: Pick<Membership, "nodes">;
  readonly owner: { holdings(): ReadonlyMap<number, Holding> };
  readonly leases: Pick<Leases, "raiseFeatureLevel">;
}

// As many as a person reads; the response also contains the total.
const quarantinedShown = 20;

export function createCluster({ requesterId, roster, membership, owner, leases }: ClusterParts): ClusterControl {
  const holdings = (): HoldingsEntity => holdingsOf(owner.holdings());
  return {
    holdings,
    isRebuilding: (bucket) => [...owner.holdings().values()].some(({ rebuilding }) => rebuilding.includes(bucket)),
    status: () => ({
      featureLevel: roster.snapshot().featureLevel,
      answeredBy: requesterId,
      protocolLevels: { lowest: protocolLevelMin, highest: protocolLevel },
      requesters: requestersOf(roster),
      nodes: membership.nodes().map(({ heartbeat: { info, protocol } }) => ({
        id: info.nodeId,
        version: info.version,
        protocolLevel: protocol,
      })),
      ...holdings(),
    }),
    async finishUpgrade() {
      const { target, behind } = planUpgrade(roster.snapshot());
      if (behind.length > 0)
        throw new Fault("UPGRADE_UNFINISHED", `level ${target} is not supported by ${behind.join(", ")}`);
      const before = roster.snapshot().featureLevel;
      return { featureLevel: await leases.raiseFeatureLevel(target), before };
    },
  };
}

/**
 * The level of the newest live requester or of the cluster, and the requesters that do not support it, each with the
 * level that it supports.
 */
export function planUpgrade({ members, featureLevel }: Pick<LeaseSnapshot, "members" | "featureLevel">): {
  readonly target: number;
  readonly behind: readonly string[];
} {
  const target = Math.max(featureLevel, ...[...members.values()].map((member) => member.featureLevel));
  const behind = [...members].filter(([, member]) => member.featureLevel < target);
  return { target, behind: behind.map(([id, member]) => `${id} (${inWords(member)})`) };
}

const inWords = ({ version, featureLevel }: MemberInfo): string => `version ${version || "?"}, level ${featureLevel}`;

function requestersOf(roster: ClusterParts["roster"]): ClusterEntity["requesters"] {
  const { members } = roster.snapshot();
  return roster.living().map(({ requesterId: id, shards }) => {
    const { version = "", featureLevel = 1 } = members.get(id) ?? {};
    return { id, version, featureLevel, shards: [...shards] };
  });
}

function holdingsOf(held: ReadonlyMap<number, Holding>): HoldingsEntity {
  const all = [...held].toSorted(([one], [other]) => one - other);
  return {
    shards: all.map(([shard, { aggregates, quarantined, rebuilding }]) => ({
      shard,
      aggregates,
      quarantined: quarantined.length,
      rebuilding: [...rebuilding],
    })),
    quarantined: all
      .flatMap(([shard, { quarantined }]) => quarantined.map((each) => ({ shard, ...each })))
      .slice(0, quarantinedShown)
      .map(({ shard, aggregate, seq: position, code, why: reason }) => ({
        shard,
        ...aggregate,
        position,
        code,
        reason,
      })),
  };
}
