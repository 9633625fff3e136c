/** How the objects of an input are divided among the partitions of a job. */
export interface ObjectPartition {
  /** none: every partition gets every object; object: by key; the others: by a part of the key. */
  readonly type: "none" | "object" | "regex" | "substring" | "date";
  readonly pattern: string;
  readonly startIndex: number;
  /** Exclusive; 0 takes the whole key for `date`. */
  readonly endIndex: number;
  /** A layout with the numbers of Go's reference time, such as 2006-01-02. */
  readonly dateFormat: string;
}

export interface PartitionedBy {
  readonly partition: ObjectPartition;
  /** The source's key: what objects have in common, with or without `*` at its end. */
  readonly prefix: string;
  /** Partitions of the job. */
  readonly count: number;
  /** The match of the pattern and its groups, or null: the caller bounds the time that a pattern may take. */
  readonly match: (text: string) => readonly (string | undefined)[] | null;
}

/** The partition that gets an object; 0 for one whose key does not fit the rule. Undefined: every partition gets it. */
export function partitionOfObject(key: string, by: PartitionedBy): number | undefined {
  if (by.partition.type === "none") return undefined;
  const own = partitionKey[by.partition.type](withoutPrefix(key, by.prefix), by);
  return own === undefined ? 0 : fnv1a(own) % by.count;
}

type KeyOf = (text: string, by: PartitionedBy) => string | undefined;

// A byte that no key contains, so that the groups (a, bc) and (ab, c) differ; the same byte as in Bacalhau.
const groupSeparator = "\u001f";

const partitionKey: Readonly<Record<Exclude<ObjectPartition["type"], "none">, KeyOf>> = {
  object: (text) => text,
  regex(text, { match }) {
    const found = match(text);
    if (found === null) return undefined;
    const [whole, ...groups] = found;
    return groups.length === 0 ? whole : groups.map((group) => group ?? "").join(groupSeparator);
  },
  substring: (text, { partition: { startIndex, endIndex } }) =>
    endIndex > text.length ? undefined : text.slice(startIndex, endIndex),
  date(text, { partition: { startIndex, endIndex, dateFormat } }) {
    const part = endIndex === 0 ? text.slice(startIndex) : text.slice(startIndex, endIndex);
    return isDate(part, dateFormat) ? part : undefined;
  },
};

const withoutPrefix = (key: string, prefix: string): string => {
  const common = prefix.replace(/\*$/, "").replace(/^\/+/, "");
  const own = key.replace(/^\/+/, "");
  return (own.startsWith(common) ? own.slice(common.length) : own).replace(/^\/+/, "");
};

// The numbers of Go's reference time, Mon Jan 2 15:04:05 2006, with the pattern and the range of each.
const fields = {
  "2006": { digits: "\\d{4}", least: 0, most: 9999 },
  "01": { digits: "\\d{2}", least: 1, most: 12 },
  "02": { digits: "\\d{2}", least: 1, most: 31 },
  "15": { digits: "\\d{2}", least: 0, most: 23 },
  "04": { digits: "\\d{2}", least: 0, most: 59 },
  "05": { digits: "\\d{2}", least: 0, most: 59 },
} as const;
type DateField = keyof typeof fields;
const anyField = /2006|01|02|15|04|05/g;

/** True for a text that Go's layout parses; formatting it by the same layout gives the same text. */
function isDate(text: string, layout: string): boolean {
  const names = (layout.match(anyField) ?? []) as DateField[];
  const between = layout.split(anyField).map((literal) => literal.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = between.map((literal, n) => literal + group(names[n])).join("");
  const found = new RegExp(`^${pattern}$`).exec(text);
  if (found === null || names.length === 0) return false;
  const value = (name: DateField, absent: number) =>
    names.includes(name) ? Number(found[names.indexOf(name) + 1]) : absent;
  const inRange = names.every((name) => value(name, 0) >= fields[name].least && value(name, 0) <= fields[name].most);
  // The month after, day 0: the last day of the month. 2000 is a leap year, for layouts without a year.
  return inRange && value("02", 1) <= new Date(Date.UTC(value("2006", 2000), value("01", 1), 0)).getUTCDate();
}

const group = (name: DateField | undefined): string => (name === undefined ? "" : `(${fields[name].digits})`);

/** FNV-1a with 32 bits over the bytes of a text. */
function fnv1a(text: string): number {
  // The offset basis and the prime of the algorithm's definition.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
