/**
 * The version of asks, assignments, reports and confirmations that this code speaks. Nodes name theirs in every heartbeat. It grows with
 * the first message that the version before cannot read.
 */
export const protocolLevel = 1;

/** The lowest protocol level of nodes with which this code still works. It grows when the code for an old form is deleted. */
export const protocolLevelMin = 1;

/**
 * The highest feature level that this code supports: it reads everything that a cluster of this level may write. It grows by one with each
 * release that adds kinds, events, later forms of events or job types; those say `since` this level. The cluster's own level decides
 * whether they may be written, and only `shoal cluster upgrade --finish` raises it.
 */
export const featureLevel = 1;
