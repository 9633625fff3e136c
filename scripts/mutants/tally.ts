import type { Mutant } from "./mutators.ts";
import type { MutantOutcome } from "./try-mutant.ts";

/** A mutant and its fate. */
export interface Tried {
  readonly path: string;
  readonly mutant: Pick<Mutant, "line" | "change">;
  readonly outcome: MutantOutcome;
}

/** The mutants of an area that tests detected. */
export interface MutantTally {
  readonly area: string;
  readonly counts: Readonly<Record<MutantOutcome, number>>;
  /** The percentage that was detected, timeouts included; 100 when no mutant was tried. */
  readonly percent: number;
  /** File, line and change of each mutant that no test detected. */
  readonly survivors: readonly string[];
}

/** Counts the fates of an area's mutants. */
export function tallyOf(area: string, tried: readonly Tried[]): MutantTally {
  const count = (outcome: MutantOutcome) => tried.filter((one) => one.outcome === outcome).length;
  const counts = { killed: count("killed"), timeout: count("timeout"), survived: count("survived") };
  const percent = tried.length === 0 ? 100 : ((counts.killed + counts.timeout) / tried.length) * 100;
  const survivors = tried
    .filter(({ outcome }) => outcome === "survived")
    .map(({ path, mutant: { line, change } }) => `${path}:${line} ${change}`);
  return { area, counts, percent, survivors };
}

/** One line for an area. */
export function areaLine({ area, counts: { killed, timeout, survived }, percent }: MutantTally): string {
  return `${area}: ${killed} killed, ${timeout} timed out, ${survived} survived: ${percent.toFixed(0)} %`;
}
