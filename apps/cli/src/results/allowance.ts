import { CliError } from "../failure.ts";
import { bytesInWords } from "../output/resource-words.ts";

const gib = 2 ** 30;

/** How much may be unpacked: above the first a person is asked, the second is the most without a limit of the user's choice. */
export const allowanceLimits = {
  /** As much as a node publishes of one result by default. */
  askBytes: 10 * gib,
  /** Far above what fits the disk that a task may ask for. */
  bytes: 100 * gib,
} as const;

/** Counts what the results of one job take together. Throws CliError TOO_LARGE for what the user has not allowed. */
export interface Allowance {
  /** Counts bytes before they are written; may ask, and then goes on when the answer is yes. */
  take(bytes: number): Promise<void>;
  /** Asks now rather than later, when an archive is known to be so large. */
  expect(bytes: number): Promise<void>;
}

export interface AllowanceOptions {
  /** What the user named with --max-size; asks nothing. */
  readonly maxBytes: number | undefined;
  /** The user has said yes in advance. */
  readonly yes: boolean;
  /** Asks the user; undefined where nobody is there to answer. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

/** Counts from zero, with the limit that the options give. */
export function allowanceOf({ maxBytes, yes, ask }: AllowanceOptions): Allowance {
  let limitBytes: number = maxBytes ?? (yes ? allowanceLimits.bytes : allowanceLimits.askBytes);
  let usedBytes = 0;
  async function raise(): Promise<void> {
    const size = bytesInWords(limitBytes);
    if (maxBytes !== undefined) throw tooLarge(size, "raise --max-size");
    const most = bytesInWords(allowanceLimits.bytes);
    if (limitBytes === allowanceLimits.bytes) throw tooLarge(size, "name a limit: --max-size 1TiB");
    const flags = `repeat with --yes to take up to ${most}, or with --max-size <size>`;
    if (ask === undefined) throw tooLarge(size, flags);
    if (!(await ask(`The results are larger than ${size}. Go on, up to ${most}?`))) throw tooLarge(size, flags);
    limitBytes = allowanceLimits.bytes;
  }
  return {
    async take(bytes) {
      usedBytes += bytes;
      while (usedBytes > limitBytes) await raise();
    },
    async expect(bytes) {
      while (usedBytes + bytes > limitBytes) await raise();
    },
  };
}

const tooLarge = (size: string, hint: string): CliError =>
  new CliError("TOO_LARGE", `the results hold more than ${size} when they are unpacked`, hint);
