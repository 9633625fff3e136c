/** A test that did not run, and what it says was missing. */
export interface Skip {
  readonly file: string;
  readonly test: string;
  /** Undefined when the test does not say; the listing then asks for it. */
  readonly reason: string | undefined;
}

/** What a test run came to. Failures outside of any test count as failed too. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skips: readonly Skip[];
}

/** What the reporter sends to the process that started it. */
export interface TallyMessage {
  readonly shoalTally: Tally;
}

/** Reads a message of the reporter; undefined for anything else. */
export function tallyOf(message: unknown): Tally | undefined {
  return isTallyMessage(message) ? message.shoalTally : undefined;
}

function isTallyMessage(message: unknown): message is TallyMessage {
  return typeof message === "object" && message !== null && "shoalTally" in message;
}

/** The last line of a test run: `N passed, N failed`, and `, N skipped` when there are any. */
export function lastLine(tally: Tally): string {
  const { passed, failed, skips } = tally;
  return `${passed} passed, ${failed} failed${skips.length > 0 ? `, ${skips.length} skipped` : ""}`;
}

/** The exit code: 0 only when something ran and nothing failed. */
export function exitCodeOf(tally: Tally): number {
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

/**
 * What a title says that its test needs: `survives a restart (needs a Docker engine)`. The innermost title that says
 * something wins; titles go from the test outwards.
 */
export function reasonFrom(titles: readonly string[]): string | undefined {
  for (const title of titles) {
    const found = /\((needs [^)]+)\)/.exec(title)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The skipped tests, grouped by what was missing, one line each. */
export function skipLines(skips: readonly Skip[]): readonly string[] {
  const byReason = Map.groupBy(
    skips,
    (skip) => skip.reason ?? "no reason given: name what is missing in the title, (needs …)",
  );
  return [...byReason].flatMap(([reason, group]) => [
    `skipped ${group.length}: ${reason}`,
    ...group.map((skip) => `  ${skip.file} > ${skip.test}`),
  ]);
}
