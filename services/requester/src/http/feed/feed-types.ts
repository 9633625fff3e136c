import { Fault } from "@shoal/core";
import { eventKinds } from "@shoal/proto";

const byLowerCase = new Map([...eventKinds.keys()].map((name) => [name.toLowerCase(), name]));

// Of a type that is none only this much is shown.
const shownChars = 80;

/** Types of events as a feed compares them: in lower case, without the prefix of CloudEvents. Throws Fault BAD_REQUEST for one that is none. */
export function readTypes(given: readonly string[]): ReadonlySet<string> {
  const types = given.map((type) => type.toLowerCase().replace(/^shoal\./, ""));
  const unknown = types.find((type) => !byLowerCase.has(type));
  if (unknown === undefined) return new Set(types);
  const known = [...byLowerCase.values()].sort().join(", ");
  throw new Fault("BAD_REQUEST", `expected types of events, got "${unknown.slice(0, shownChars)}"; there are ${known}`);
}
