import { CliError } from "../failure.ts";
import { bytesInWords } from "../output/resource-words.ts";

const gib = 2 ** 30;

/** The limits of an unpacking: above the first the user is asked; the second applies without --max-size. */
export const allowanceLimits = {
  /** The default limit of a node for one published result. */
  askBytes: 10 * gib,
  /** Far above the disk that a task may request. */
  bytes: 100 * gib,
} as const;

/** Counts the bytes of all results of one job. Throws CliError TOO_LARGE above what the user allows. */
export interface Allowance {
  /** Counts bytes before they are written; may ask the user, and resolves when the answer is yes. */
  take(bytes: number): Promise<void>;
  /** Asks in advance for an archive of a known size. */
  expect(bytes: number): Promise<void>;
}

export interface AllowanceOptions {
  /** The value of --max-size; with it the user is not asked. */
  readonly maxBytes: number | undefined;
  /** Whether --yes is set. */
  readonly yes: boolean;
  /** Asks the user; undefined when the process is not interactive. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

/** An allowance with the limits of the options; counts from zero. */
export function allowanceOf({ maxBytes, yes, ask }: AllowanceOptions): Allowance {
  let limitBytes: number = maxBytes ?? (yes ? allowanceLimits.bytes : allowanceLimits.askBytes);
  let usedBytes = 0;
  async function raise(): Promise<void> {
    const size = bytesInWords(limitBytes);
    if (maxBytes !== undefined) throw tooLarge(size, "increase --max-size");
    const most = bytesInWords(allowanceLimits.bytes);
    if (limitBytes === allowanceLimits.bytes) throw tooLarge(size, "set a limit: --max-size 1TiB");
    const flags = `repeat with --yes to take up to ${most}, or with --max-size <size>`;
    if (ask === undefined) throw tooLarge(size, flags);
    if (!(await ask(`The results are larger than ${size}. Continue, up to ${most}?`))) throw tooLarge(size, flags);
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
