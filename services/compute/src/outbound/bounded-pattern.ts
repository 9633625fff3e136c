import { Script } from "node:vm";
import { Fault } from "@shoal/core";

// A heartbeat is a second; a pattern that backtracks without end must not delay one.
const matchMs = 200;
const match = new Script("JSON.stringify(JSON.parse(texts).map((text) => new RegExp(pattern).exec(text)))");

/** A match of a pattern with its groups; null without one. */
export type Match = readonly (string | undefined)[] | null;

/** Matches a job's regular expression with each text. Throws a Fault when all together take more than 200 ms. */
export function matchesOf(pattern: string, texts: readonly string[]): readonly Match[] {
  try {
    const context = { texts: JSON.stringify(texts), pattern };
    const found: unknown = match.runInNewContext(context, { timeout: matchMs });
    const matches = JSON.parse(String(found)) as readonly (readonly (string | null)[] | null)[];
    return matches.map((each) => each?.map((group) => group ?? undefined) ?? null);
  } catch (failure) {
    throw new Fault("INPUT_UNAVAILABLE", `the pattern ${pattern} takes more than ${matchMs} ms: simplify it`, {
      cause: failure,
    });
  }
}
