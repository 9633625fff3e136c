import type { ReplayReport } from "@shoal/requester";

/** What a replay came to, in sentences. */
export function reportLines(report: ReplayReport): readonly string[] {
  const {
    anchor,
    foreign,
    commits,
    events,
    jobs,
    nodes,
    upTo,
    eventsPerSecond,
    readMs,
    entries,
    settled,
    problems,
    differences,
  } = report;
  const compared = Object.entries(entries).map(([bucket, count]) => `${bucket} ${count}`);
  return [
    `read ${events} events in ${commits} commits (${jobs} jobs, ${nodes} nodes) up to position ${upTo}: ${readMs.toFixed(0)} ms, ${Math.round(eventsPerSecond)} events/s`,
    problems.count === 0 ? "the chain of hashes holds" : `${problems.count} problems in the log:`,
    ...problems.first.map(({ seq, aggregate, why }) => `  position ${seq}, ${aggregate}: ${why}`),
    ...(foreign.count === 0
      ? []
      : [`${foreign.count} foreign messages were skipped: no requester appended them, and they change nothing`]),
    ...foreign.first.map(({ seq, subject, text }) => `  position ${seq}, ${subject}: ${JSON.stringify(text)}`),
    `compared with the kept views: ${compared.join(", ")}${settled === 0 ? "" : `; ${settled} were being written meanwhile`}`,
    `anchor ${anchor.seq}:${anchor.hash}`,
    differences.count === 0 ? "identical, byte for byte" : `${differences.count} entries differ:`,
    ...differences.first.flatMap(({ bucket, key, why, wanted, found }) => [
      `  ${bucket} ${key}: ${why}`,
      ...(wanted === undefined ? [] : [`    wanted ${wanted}`]),
      ...(found === undefined ? [] : [`    found  ${found}`]),
    ]),
  ];
}
