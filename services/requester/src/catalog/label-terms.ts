import type { Constraint } from "@shoal/proto";

// Labels of a job that are indexed, each in two orders: some 200 µs for a job with as many (measured).
const indexedMax = 16;
// Characters of a term: one of SQLite's page size would fill a page of the index.
const termChars = 256;
// Values of one requirement that are looked up; each is a range of the index to merge.
export const valuesMax = 64;

/** The term of jobs that have more or longer labels than the index holds: any requirement may select them. */
const unindexed = "";

const termOf = (key: string, value: string): string => `${key}=${value}`;

/** The terms by which the index finds a job with these labels: its keys with their values. */
export function termsOf(labels: Readonly<Record<string, string>>): readonly string[] {
  const terms = [...new Set(Object.entries(labels).map(([key, value]) => termOf(key, value)))];
  const isIndexed = terms.length <= indexedMax && terms.every((term) => term.length <= termChars);
  return isIndexed ? terms : [unindexed];
}

/** Terms between two texts: all values of a key. */
export interface TermRange {
  readonly from: string;
  readonly below: string;
}

/** Where the index has every job that meets a requirement, and perhaps others: by some terms, or by all of a range. */
export type RequiredTerms = readonly string[] | TermRange;

/** Undefined for a requirement that jobs without its key meet. */
export function termsMeeting({ key, operator, values }: Constraint): RequiredTerms | undefined {
  if (operator === "!" || operator === "!=" || operator === "notin") return undefined;
  const isByValue = operator === "=" || operator === "==" || operator === "in";
  if (isByValue && values.length < valuesMax) return withUnindexed(values.map((value) => termOf(key, value)));
  // The character after "=".
  return { from: `${key}=`, below: `${key}>` };
}

/** The terms, and the one of jobs that have none. */
export const withUnindexed = (terms: readonly string[]): readonly string[] => [...new Set([unindexed, ...terms])];
