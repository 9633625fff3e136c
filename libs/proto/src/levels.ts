/** Lists and objects in one another, in whatever comes from outside: specs have eight, the rest is for engines' own params. */
export const levelsMax = 32;

/** Whether plain data has no more than `levelsMax` levels: then whatever walks into it comes back. Itself it walks level by level. */
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
