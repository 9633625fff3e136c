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
export function isSameRequest(one: JobSpec, other: JobSpec): boolean {
  return JSON.stringify(requested(one)) === JSON.stringify(requested(other));
}

/** The spec without what the server added, in a canonical form: the order of keys and the case of quantities do not count. */
export function requested({ meta, tasks, ...rest }: JobSpec): JobSpec {
  const given = Object.fromEntries(Object.entries(meta).filter(([key]) => !isServers(key)));
  return sorted({ ...rest, meta: given, tasks: tasks.map(withQuantities) }) as JobSpec;
}

const withQuantities = (task: JobSpec["tasks"][number]) => ({
  ...task,
  resources: Object.fromEntries(Object.entries(task.resources).map(([key, text]) => [key, text.toLowerCase()])),
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
