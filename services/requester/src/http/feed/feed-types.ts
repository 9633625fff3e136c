import { Fault } from "@shoal/core";
import { eventKinds } from "@shoal/proto";

const byLowerCase = new Map([...eventKinds.keys()].map((name) => [name.toLowerCase(), name]));

// The characters of an unknown type that the error shows.
const shownChars = 80;

/**
 * Types of events as a feed compares them: in lower case, without the prefix of CloudEvents. Throws Fault BAD_REQUEST
 * for an unknown type.
 */
export function readTypes(given: readonly string[]): ReadonlySet<string> {
  const types = given.map((type) => type.toLowerCase().replace(/^shoal\./, ""));
  const unknown = types.find((type) => !byLowerCase.has(type));
  if (unknown === undefined) return new Set(types);
  const known = [...byLowerCase.values()].sort().join(", ");
  throw new Fault(
    "BAD_REQUEST",
    `expected types of events, got "${unknown.slice(0, shownChars)}"; known types: ${known}`,
  );
}
