/** The deepest nesting of lists and objects in outside data: specs have eight levels, the rest is for engines' params. */
export const levelsMax = 32;

/** Whether plain data has no more than `levelsMax` levels, so that recursive functions are safe on it. Not recursive itself. */
export function isShallow(data: unknown): boolean {
  let level = [data].filter(isNested);
  for (let depth = 0; depth < levelsMax; depth++) {
    if (level.length === 0) return true;
    level = level.flatMap((value) => Object.values(value).filter(isNested));
  }
  return level.length === 0;
}

const isNested = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
