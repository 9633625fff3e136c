/**
 * The version of asks, assignments, reports and confirmations that this code speaks. Nodes name theirs in every heartbeat. It grows with
 * the first message that the version before cannot read.
 */
export const protocolLevel = 1;
