/** A parsed quantity, or why the text is not one. */
export type Parsed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly why: string };

const good = (value: number): Parsed => ({ ok: true, value });
const bad = (why: string): Parsed => ({ ok: false, why });

const number = /^(\d+(?:\.\d*)?|\.\d+)(.*)$/;

// Decimal and binary prefixes as Bacalhau writes them; case is ignored, so "Mb" is a megabyte.
const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  p: 1e15,
  pb: 1e15,
  ki: 2 ** 10,
  kib: 2 ** 10,
  mi: 2 ** 20,
  mib: 2 ** 20,
  gi: 2 ** 30,
  gib: 2 ** 30,
  ti: 2 ** 40,
  tib: 2 ** 40,
  pi: 2 ** 50,
  pib: 2 ** 50,
};

function split(text: string): readonly [value: number, unit: string] | undefined {
  const match = number.exec(text.toLowerCase().replaceAll(" ", ""));
  return match === null ? undefined : [Number(match[1]), match[2] ?? ""];
}

/** Cores from `500m`, `0.5` or `2`. */
export function parseCpu(text: string): Parsed {
  const parts = split(text);
  if (parts === undefined || !["", "m"].includes(parts[1]))
    return bad(`"${text}" is not an amount of CPU, such as 500m or 0.5`);
  return good(parts[1] === "m" ? parts[0] / 1000 : parts[0]);
}

/** Bytes from `512Mb`, `1GiB`, `1.5gb` or a plain number; rounded down. */
export function parseBytes(text: string): Parsed {
  const parts = split(text);
  const unit = parts === undefined ? undefined : byteUnits[parts[1]];
  if (parts === undefined || unit === undefined)
    return bad(`"${text}" is not an amount of bytes, such as 512Mb or 1GiB`);
  const bytes = Math.floor(parts[0] * unit);
  return Number.isSafeInteger(bytes) ? good(bytes) : bad(`"${text}" is more bytes than can be counted`);
}

/** A whole number of GPUs. */
export function parseGpu(text: string): Parsed {
  return /^\d{1,4}$/.test(text.trim()) ? good(Number(text)) : bad(`"${text}" is not a whole number of GPUs`);
}

/** Resources in numbers: cores, bytes and devices. Zero means none. */
export interface Resources {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly gpus: number;
}

/** Zero of each resource. */
export const noResources: Resources = { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 };
const kinds = ["cpuCores", "memoryBytes", "diskBytes", "gpus"] as const;

// Rounds a sum: whole bytes and devices, millionths of a core. Rounding errors would accumulate otherwise.
const settled = (kind: (typeof kinds)[number], value: number): number =>
  kind === "cpuCores" ? Math.round(value * 1e6) / 1e6 : Math.round(value);

/** a + b × times, each resource separately; never below zero, rounded. */
export function addResources(a: Resources, b: Resources, times = 1): Resources {
  const sum = (kind: (typeof kinds)[number]) => Math.max(0, settled(kind, a[kind] + b[kind] * times));
  return { cpuCores: sum("cpuCores"), memoryBytes: sum("memoryBytes"), diskBytes: sum("diskBytes"), gpus: sum("gpus") };
}

/** The first resource of which `expected` needs more than `free` has, as a sentence; undefined when all of it fits. */
export function shortage(required: Resources, free: Resources): string | undefined {
  const kind = kinds.find((each) => required[each] > free[each]);
  return kind === undefined ? undefined : `needs ${required[kind]} ${kind}, ${free[kind]} are free`;
}

// A share of a core is a fraction, of which dividing loses a little. Bytes and devices are whole: one less does not fit.
const slackOf = (kind: (typeof kinds)[number]): number => (kind === "cpuCores" ? 1e-9 : 0);

/** How many times `expected` fits into `free`; 0 when it does not fit once, `most` when no resource limits it. */
export function timesFitting(required: Resources, free: Resources, most: number): number {
  return kinds.reduce(
    (times, kind) =>
      required[kind] > 0 ? Math.min(times, Math.floor(free[kind] / required[kind] + slackOf(kind))) : times,
    most,
  );
}
