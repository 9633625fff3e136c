/** What Shoal needs of a server, and since when servers can do it. The newest of these versions is the oldest that fits. */
export const needs = [
  { feature: "per-message time to live, and markers when it ends", since: "2.11.0" },
  { feature: "reading many messages of a subject in one request", since: "2.11.0" },
  { feature: "strict checking of stream settings", since: "2.12.0" },
] as const;

// Not in the table, as no version is better than another: nats-server issue 8505. On a stream with one copy a value that was
// removed comes back once its marker has expired, when the server ends uncleanly and builds its index again from its files. Seen
// with 2.14.0; no fixed release known at the time of writing. Nothing here rests on it: docs/notes/expiry.md says why.

/** Faults of servers that would fit, worth telling an operator: what may happen, and from which version on it does not. */
export const knownFaults = [
  { line: "2.12", mended: "2.12.14", what: "the memory of message ids may be wrong after a change of leader" },
  { line: "2.14", mended: "2.14.4", what: "the memory of message ids may be wrong after a change of leader" },
] as const;

/** Compares versions like "2.14.0" by their numbers: negative when `one` is older. What follows the numbers is ignored. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  for (let place = 0; place < 3; place++) {
    const difference = (a[place] ?? 0) - (b[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): readonly number[] {
  return (/\d+(\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
}

/** Which feature a server of this version lacks, and since when there is one; undefined when it fits. */
export function missingIn(version: string): { readonly feature: string; readonly since: string } | undefined {
  return needs.find(({ since }) => compareVersions(version, since) < 0);
}

/** Warnings for a cluster of several servers of this version; one server alone never changes its leader. */
export function faultsOf(version: string): readonly string[] {
  return knownFaults
    .filter(({ line, mended }) => version.startsWith(`${line}.`) && compareVersions(version, mended) < 0)
    .map(({ what, mended }) => `nats-server ${version}: ${what}; mended in ${mended}`);
}
