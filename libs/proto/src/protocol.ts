/**
 * The protocol level of asks, assignments, reports and confirmations in this release. Nodes send theirs in every heartbeat. It grows with
 * the first message that the previous level cannot read.
 */
export const protocolLevel = 1;

/** The lowest protocol level of nodes that this release works with. It grows when the code for an old form is deleted. */
export const protocolLevelMin = 1;

/**
 * The highest feature level that this release supports: it reads everything that a cluster of this level may write. It grows by one with each
 * release that adds kinds, events, later forms of events or job types; those set `since` to this level. The cluster's level decides
 * whether they may be written, and only `shoal cluster upgrade --finish` raises it.
 */
export const featureLevel = 1;
