import type { Constraint } from "@shoal/proto";

// Labels of a job that are indexed, each by two terms in two orders: some 200 µs for a job with as many.
const indexedMax = 16;
// Characters of a term: a term of SQLite's page size would fill a page of the index.
const termChars = 256;
// Values of one requirement that are looked up; each is a range of the index to merge.
const valuesMax = 16;

/** The term of jobs that have more or longer labels than the index holds: any requirement may select them. */
const unindexed = "";

const termOf = (key: string, value: string): string => `${key}=${value}`;

/** The terms by which the index finds a job with these labels: its keys, and its keys with their values. */
export function termsOf(labels: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(labels);
  const terms = new Set(entries.flatMap(([key, value]) => [key, termOf(key, value)]));
  const isIndexed = entries.length <= indexedMax && [...terms].every((term) => term.length <= termChars);
  return isIndexed ? [...terms] : [unindexed];
}

/**
 * Terms of which every job that meets the requirement has one; undefined for a requirement that jobs without its key meet.
 */
export function termsMeeting({ key, operator, values }: Constraint): readonly string[] | undefined {
  if (operator === "!" || operator === "!=" || operator === "notin") return undefined;
  const isByValue = operator === "=" || operator === "==" || operator === "in";
  const terms = isByValue && values.length <= valuesMax ? values.map((value) => termOf(key, value)) : [key];
  return [...new Set([unindexed, ...terms])];
}
