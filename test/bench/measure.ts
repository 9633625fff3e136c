/** Figures of one run by the names that `--json` writes. */
export type Figures = Readonly<Record<string, number>>;

/** What a run was asked for. */
export interface BenchOptions {
  /** Synthetic nodes. */
  readonly nodes: number;
  /** No-op jobs that are measured, on real nodes and once more on synthetic ones. */
  readonly jobs: number;
}

/** One thing to measure. */
export interface Measure {
  readonly name: string;
  /** What a person reads while it runs. */
  summary(options: BenchOptions): string;
  run(options: BenchOptions): Promise<Figures>;
}

/** The value below which a share of all values lies; 0 when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Calls `work` for 0 … times-1 with at most `window` under way at once. */
export async function inWindow(times: number, window: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < times) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(window, times) }, lane));
}

/** How many a second, when so many took so long; whole. */
export const perSecond = (many: number, ms: number): number => Math.round((many * 1000) / Math.max(ms, 1e-3));

/** With two digits behind the point. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;
