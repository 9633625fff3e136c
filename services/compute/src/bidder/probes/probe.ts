import { type Ask, Ask as AskSchema, toWire } from "@shoal/proto";

/** The verdict of a program of the node's operator on an ask. */
export type ProbeVerdict =
  | { readonly fit: true }
  /** `mayChange`: the program gave no verdict; the node may be asked again. */
  | { readonly fit: false; readonly why: string; readonly mayChange: boolean };

/** Asks a program of the node's operator whether the node bids. Never throws. */
export type Probe = (request: string) => Promise<ProbeVerdict>;

/** Limits of one question to a program. */
export const probeLimits = {
  /** Characters of the program's reason; the log keeps it. */
  reasonChars: 512,
  /** Bytes of a program's output, or of a service's answer. */
  outputBytes: 65_536,
} as const;

/** What a probe reads: the ask in the wire format, with the node's id. */
export function probeRequest(nodeId: string, ask: Ask): string {
  return JSON.stringify({ NodeID: nodeId, ...(toWire(AskSchema, ask) as object) });
}
