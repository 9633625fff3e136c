/** Server features that Shoal needs and the version that introduced each. The newest of them is the minimum version. */
export const needs = [
  { feature: "per-message time to live, and markers when it ends", since: "2.11.0" },
  { feature: "reading many messages of a subject in one request", since: "2.11.0" },
  { feature: "strict checking of stream settings", since: "2.12.0" },
] as const;

// Not in the table, as no release fixes it at the time of writing: nats-server issue 8505, seen with 2.14.0. On a stream with one
// replica a removed value comes back once its marker has expired, when the server ends uncleanly and rebuilds its index from its
// files. Shoal does not depend on it: see docs/notes/expiry.md.

/** Known bugs of supported servers that an operator should know: the effect, and the release with the fix. */
const knownFaults = [
  { line: "2.12", fixedIn: "2.12.14", what: "duplicate detection may fail after a change of leader" },
  { line: "2.14", fixedIn: "2.14.4", what: "duplicate detection may fail after a change of leader" },
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

/** The feature that a server of this version lacks, and the version that introduced it; undefined when none is missing. */
export function missingIn(version: string): { readonly feature: string; readonly since: string } | undefined {
  return needs.find(({ since }) => compareVersions(version, since) < 0);
}

/** Warnings for a cluster of several servers of this version. A single server never changes its leader. */
export function faultsOf(version: string): readonly string[] {
  return knownFaults
    .filter(({ line, fixedIn }) => version.startsWith(`${line}.`) && compareVersions(version, fixedIn) < 0)
    .map(({ what, fixedIn }) => `nats-server ${version}: ${what}; fixed in ${fixedIn}`);
}
