const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// From the largest: from how many milliseconds on, in which unit, with which letter.
const units = [
  [2 * day, day, "d"],
  [2 * hour, hour, "h"],
  [2 * minute, minute, "m"],
  [0, second, "s"],
] as const;

/** How long ago, as people say it: `3s ago`, `5m ago`. */
export function ago(at: number, now: number): string {
  const ms = Math.max(0, now - at);
  const [, unit, letter] = units.find(([from]) => ms >= from) ?? units[3];
  return `${Math.floor(ms / unit)}${letter} ago`;
}

/** The time of day with milliseconds, UTC, as the log of a job shows it. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

/** A full time that a person can read: `2026-01-31 12:00:00Z`. */
export function fullTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** How far a clock is off, as lists show it: `ok`, `+7200s`; undefined when it is not known. */
export function clockInWords(offsetMs: number | undefined): string | undefined {
  if (offsetMs === undefined) return undefined;
  if (Math.abs(offsetMs) <= second) return "ok";
  return `${offsetMs > 0 ? "+" : "-"}${Math.round(Math.abs(offsetMs) / second)}s`;
}
