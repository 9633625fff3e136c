/** Figures of one run by the names that `--json` writes. */
export type Figures = Readonly<Record<string, number>>;

/** The options of a run. */
export interface BenchOptions {
  /** Synthetic nodes. */
  readonly nodes: number;
  /** Measured no-op jobs, on real nodes and then on synthetic ones. */
  readonly jobs: number;
}

/** One thing to measure. */
export interface Measure {
  readonly name: string;
  /** A description that is printed while it runs. */
  summary(options: BenchOptions): string;
  run(options: BenchOptions): Promise<Figures>;
}

/** The quantile of the values; 0 without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Calls `work` for 0 … times-1 with at most `window` concurrent calls. */
export async function inWindow(times: number, window: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < times) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(window, times) }, lane));
}

/** The rate per second, rounded to a whole number. */
export const perSecond = (many: number, ms: number): number => Math.round((many * 1000) / Math.max(ms, 1e-3));

/** Rounded to two decimal places. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;
