import type { IncomingHttpHeaders } from "node:http";
import { reservedPrefix, serverKeys } from "@shoal/core";

/** A submission's meta without the keys that only a server may set, and the keys that were dropped. */
export function withoutReserved(meta: Readonly<Record<string, string>>): {
  readonly meta: Readonly<Record<string, string>>;
  readonly dropped: readonly string[];
} {
  const dropped = Object.keys(meta).filter((key) => key.startsWith(reservedPrefix));
  if (dropped.length === 0) return { meta, dropped };
  return { meta: Object.fromEntries(Object.entries(meta).filter(([key]) => !key.startsWith(reservedPrefix))), dropped };
}

// The meta key of each client header.
const fromHeaders = [
  ["x-bacalhau-installationid", serverKeys.clientInstallation],
  ["x-bacalhau-instanceid", serverKeys.clientInstance],
] as const;

/** The meta of a job about the server and the client. */
export function serverMeta(requesterId: string, headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const meta: Record<string, string> = {
    "bacalhau.org/orchestrator.id": requesterId,
    "bacalhau.org/requester.id": requesterId,
    "bacalhau.org/orchestrator.protocol": "ncl/v1",
    [serverKeys.serverInstallation]: requesterId,
    [serverKeys.serverInstance]: requesterId,
  };
  for (const [header, key] of fromHeaders) {
    const value = headers[header];
    if (typeof value === "string" && value !== "") meta[key] = value.slice(0, 256);
  }
  return meta;
}
