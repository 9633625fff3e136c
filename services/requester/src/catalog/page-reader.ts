import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { selects } from "@shoal/core/constraints";
import { type CandidateRange, type CandidateSource, candidatesQuery } from "./candidates-query.ts";
import type { JobPage, JobPlace, JobQuery } from "./catalog.ts";
import { type TermRange, termsMeeting, valuesMax, withUnindexed } from "./label-terms.ts";

/** The most jobs that one call scans, so that a search for few of many jobs does not delay other lists: some 20 ms (measured). */
export const scannedMax = 5_000;

// Rows read at once during a search by labels.
const stretchRows = 500;

/** The bytes after which a page ends: a thousand jobs of an ordinary size have a quarter. One job may be larger. */
export const pageBytes = 4 * 1024 * 1024;

// Matches of a requirement that are counted: below this a search is short, whichever requirement it begins with.
const countedMax = 1_000;

// Requirements among which the most selective is looked for.
const setsMax = 8;

/** Statements besides those of `candidatesQuery`. */
export const pageStatements = {
  load: "SELECT seq, wire FROM jobs WHERE row = ?",
  check: "SELECT namespace, labels FROM jobs WHERE row = ?",
  // Skips the jobs of each term.
  nextTerm: "SELECT term FROM labels WHERE term > ? AND term < ? ORDER BY term LIMIT 1",
  countTerms:
    "SELECT count(*) AS count FROM (SELECT 1 FROM labels WHERE term IN (SELECT value FROM json_each(?)) LIMIT ?)",
  countNamespace: "SELECT count(*) AS count FROM (SELECT 1 FROM jobs WHERE namespace = ? LIMIT ?)",
} as const;

interface CandidateRow {
  readonly row: SQLInputValue;
  readonly at: number;
  readonly id: string;
}

/** Reads pages from an index; it runs in the thread of the lists. */
export function pageReader(database: DatabaseSync): (query: JobQuery) => JobPage {
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  return (query) => readPage(prepare, query);
}

type Prepare = (sql: string) => StatementSync;

function readPage(prepare: Prepare, query: JobQuery): JobPage {
  const { limit, labels } = query;
  const source = sourceOf(prepare, query);
  const page = emptyPage(query.after);
  for (let scanned = 0; scanned < scannedMax; ) {
    const most = labels === undefined ? limit - page.jobs.length : stretchRows;
    const found = candidates(prepare, source, { ...query, after: page.place, most: most + 1 });
    for (const candidate of found.slice(0, most)) {
      if (page.jobs.length === limit || page.bytes >= pageBytes) return finished(page, page.place);
      // A job may have several of the terms; they are one after another.
      if (isAt(page.place, candidate)) continue;
      if (matches(prepare, candidate, query)) addTo(page, prepare, candidate);
      page.place = { at: candidate.at, jobId: candidate.id };
    }
    if (found.length <= most) return finished(page, undefined);
    if (page.jobs.length === limit) break;
    scanned += found.length;
  }
  return finished(page, page.place);
}

interface GrowingPage {
  readonly jobs: string[];
  bytes: number;
  position: number;
  /** The last job that was read, whether it matched or not. */
  place: JobPlace | undefined;
}

const emptyPage = (place: JobPlace | undefined): GrowingPage => ({ jobs: [], bytes: 0, position: 0, place });

function addTo(page: GrowingPage, prepare: Prepare, { row }: CandidateRow): void {
  const stored = prepare(pageStatements.load).get(row);
  const wire = String(stored?.["wire"]);
  page.jobs.push(wire);
  page.bytes += wire.length;
  page.position = Math.max(page.position, Number(stored?.["seq"]));
}

const isAt = (place: JobPlace | undefined, { at, id }: CandidateRow): boolean => place?.at === at && place.jobId === id;

const encoder = new TextEncoder();

const finished = ({ jobs, position }: GrowingPage, next: JobPlace | undefined): JobPage => ({
  json: encoder.encode(jobs.join(",")),
  count: jobs.length,
  next,
  position,
});

function matches(prepare: Prepare, { row }: CandidateRow, { namespace, labels }: JobQuery): boolean {
  if (labels === undefined) return true;
  const stored = prepare(pageStatements.check).get(row);
  if (namespace !== undefined && stored?.["namespace"] !== namespace) return false;
  const own = JSON.parse(String(stored?.["labels"]));
  return labels.every((each) => selects(own, each));
}

/** The smallest of the sets that have every match, as far as counting them is cheap. */
function sourceOf(prepare: Prepare, { namespace, labels = [] }: JobQuery): CandidateSource {
  const whole: CandidateSource = { namespace };
  const required = labels.flatMap((each) => {
    const terms = termsMeeting(each);
    return terms === undefined ? [] : [terms];
  });
  const sets = required.slice(0, setsMax).flatMap((each): CandidateSource[] => {
    const terms = "from" in each ? termsIn(prepare, each) : each;
    return terms === undefined ? [] : [{ terms }];
  });
  if (sets.length === 0) return whole;
  const counted = (namespace === undefined ? sets : [...sets, whole]).map((source) => ({
    source,
    count: countOf(prepare, source),
  }));
  return counted.reduce((least, each) => (each.count < least.count ? each : least)).source;
}

/** The terms of a range, when they are few enough to be merged. */
function termsIn(prepare: Prepare, { from, below }: TermRange): readonly string[] | undefined {
  const terms: string[] = [];
  const next = prepare(pageStatements.nextTerm);
  for (let term = from; ; ) {
    const found = next.get(term, below)?.["term"];
    if (found === undefined) return withUnindexed(terms);
    if (terms.length === valuesMax) return undefined;
    term = String(found);
    terms.push(term);
  }
}

function countOf(prepare: Prepare, source: CandidateSource): number {
  const { sql, value } =
    "terms" in source
      ? { sql: pageStatements.countTerms, value: JSON.stringify(source.terms) }
      : { sql: pageStatements.countNamespace, value: source.namespace ?? "" };
  return Number(prepare(sql).get(value, countedMax)?.["count"]);
}

function candidates(prepare: Prepare, source: CandidateSource, range: CandidateRange): readonly CandidateRow[] {
  const { sql, values } = candidatesQuery(source, range);
  const rows = prepare(sql).all(...values);
  return rows.map(({ row = null, at, id }) => ({ row, at: Number(at), id: String(id) }));
}
