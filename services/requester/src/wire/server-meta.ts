import type { IncomingHttpHeaders } from "node:http";
import { reservedPrefix, serverKeys } from "../commands/server-keys.ts";

/** A submission's meta without what only a server may set, and the keys that were dropped. */
export function withoutReserved(meta: Readonly<Record<string, string>>): {
  readonly meta: Readonly<Record<string, string>>;
  readonly dropped: readonly string[];
} {
  const dropped = Object.keys(meta).filter((key) => key.startsWith(reservedPrefix));
  if (dropped.length === 0) return { meta, dropped };
  return { meta: Object.fromEntries(Object.entries(meta).filter(([key]) => !key.startsWith(reservedPrefix))), dropped };
}

// Which header of a client becomes which key.
const fromHeaders = [
  ["x-bacalhau-installationid", serverKeys.clientInstallation],
  ["x-bacalhau-instanceid", serverKeys.clientInstance],
] as const;

/** What the server says of itself and of the client in a job's meta. */
export function serverMeta(requesterId: string, headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const meta: Record<string, string> = {
    "bacalhau.org/orchestrator.id": requesterId,
    "bacalhau.org/requester.id": requesterId,
    "bacalhau.org/orchestrator.protocol": "ncl/v1",
    [serverKeys.serverInstallation]: requesterId,
    [serverKeys.serverInstance]: requesterId,
  };
  for (const [header, key] of fromHeaders) {
    const said = headers[header];
    if (typeof said === "string" && said !== "") meta[key] = said.slice(0, 256);
  }
  return meta;
}
