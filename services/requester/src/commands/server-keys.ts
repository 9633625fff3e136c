import type { JobSpec } from "@shoal/proto";

/** Keys of a job's meta with these prefixes are reserved for the server. */
export const reservedPrefix = "bacalhau.org/";

/** Other keys that the server sets about itself and the client. */
export const serverKeys = {
  serverInstallation: "server.installation.id",
  serverInstance: "server.instance.id",
  clientInstallation: "client.installation.id",
  clientInstance: "client.instance.id",
} as const;

const own = new Set<string>(Object.values(serverKeys));
const isServers = (key: string): boolean => key.startsWith(reservedPrefix) || own.has(key);

/** Whether two specs are the same request, whichever requester accepted them and whatever meta it added. */
export function asksTheSame(one: JobSpec, other: JobSpec): boolean {
  return JSON.stringify(asked(one)) === JSON.stringify(asked(other));
}

function asked({ meta, ...rest }: JobSpec) {
  const saved = Object.entries(meta).filter(([key]) => !isServers(key));
  return [rest, saved.toSorted(([a], [b]) => (a < b ? -1 : 1))];
}
