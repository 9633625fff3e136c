import type { JobSpec } from "@shoal/proto";

/** Keys of a job's meta that begin so are the server's own. */
export const reservedPrefix = "bacalhau.org/";

/** What the server says of itself and of the client, besides. */
export const serverKeys = {
  serverInstallation: "server.installation.id",
  serverInstance: "server.instance.id",
  clientInstallation: "client.installation.id",
  clientInstance: "client.instance.id",
} as const;

const own = new Set<string>(Object.values(serverKeys));
const isServers = (key: string): boolean => key.startsWith(reservedPrefix) || own.has(key);

/** Whether two specs ask for the same, whichever requester took them and whatever it wrote into them. */
export function asksTheSame(one: JobSpec, other: JobSpec): boolean {
  return JSON.stringify(asked(one)) === JSON.stringify(asked(other));
}

function asked({ meta, ...rest }: JobSpec) {
  const saved = Object.entries(meta).filter(([key]) => !isServers(key));
  return [rest, saved.toSorted(([a], [b]) => (a < b ? -1 : 1))];
}
