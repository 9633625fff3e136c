import type { ReplayReport, Sampled } from "@shoal/requester";

/** The report of a replay as lines of text. */
export function reportLines(report: ReplayReport): readonly string[] {
  const { anchor, foreign, commits, events, aggregates, upTo, eventsPerSecond, readMs } = report;
  const { entries, rechecked, problems, unreadable, mismatches } = report;
  const counted = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  const compared = counted(entries).join(", ");
  return [
    `read ${events} events in ${commits} commits (${counted(aggregates).join(", ")}) up to position ${upTo}: ${readMs.toFixed(0)} ms, ${Math.round(eventsPerSecond)} events/s`,
    problems.count === 0 ? "the chain of hashes holds" : `${problems.count} problems in the log:`,
    ...problems.first.map(({ seq, aggregate, why }) => `  position ${seq}, ${aggregate}: ${why}`),
    ...listed(unreadable, "messages cannot be read; their aggregates were verified up to there:"),
    ...unreadable.first.map(
      ({ seq, aggregate: { kind, id }, code, why }) => `  position ${seq}, ${kind} ${id}: ${code}, ${why}`,
    ),
    ...listed(foreign, "foreign messages were skipped: no requester appended them, and they change nothing"),
    ...foreign.first.map(({ seq, subject, text }) => `  position ${seq}, ${subject}: ${JSON.stringify(text)}`),
    `compared with the stored views: ${compared}${rechecked === 0 ? "" : `; ${rechecked} were being written meanwhile`}`,
    `anchor ${anchor.seq}:${anchor.hash}`,
    mismatches.count === 0 ? "identical, byte for byte" : `${mismatches.count} entries differ:`,
    ...mismatches.first.flatMap(({ bucket, key, why, expected, actual }) => [
      `  ${bucket} ${key}: ${why}`,
      ...(expected === undefined ? [] : [`    expected ${expected}`]),
      ...(actual === undefined ? [] : [`    got      ${actual}`]),
    ]),
    ...nextStep(report),
  ];
}

const listed = ({ count }: Sampled<unknown>, what: string): readonly string[] =>
  count === 0 ? [] : [`${count} ${what}`];

function nextStep({ problems, mismatches: { count, first } }: ReplayReport): readonly string[] {
  if (count === 0) return [];
  const buckets = [...new Set(first.map(({ bucket }) => bucket))].join(" ");
  const doubt = problems.count === 0 ? "" : " Check the problems of the log first.";
  return [`next: shoal rebuild ${buckets} writes them again from the log.${doubt}`];
}
