const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// From the largest: lower bound in milliseconds, unit, letter.
const units = [
  [2 * day, day, "d"],
  [2 * hour, hour, "h"],
  [2 * minute, minute, "m"],
  [0, second, "s"],
] as const;

/** Formats an age: `3s ago`, `5m ago`. */
export function ago(at: number, now: number): string {
  const ms = Math.max(0, now - at);
  const [, unit, letter] = units.find(([from]) => ms >= from) ?? units[3];
  return `${Math.floor(ms / unit)}${letter} ago`;
}

/** Formats the time of day with milliseconds, UTC. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

/** Formats a date and time: `2026-01-31 12:00:00Z`. */
export function fullTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** Formats a clock offset: `ok`, `+7200s`; undefined when it is not known. */
export function clockInWords(offsetMs: number | undefined): string | undefined {
  if (offsetMs === undefined) return undefined;
  if (Math.abs(offsetMs) <= second) return "ok";
  return `${offsetMs > 0 ? "+" : "-"}${Math.round(Math.abs(offsetMs) / second)}s`;
}
