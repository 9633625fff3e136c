/** Records the calls of a callback, so that a test can await them without a clock. */
export interface Recorded<T> {
  readonly all: readonly T[];
  push(item: T): void;
  /** Resolves once `count` items are recorded, with all of them. */
  atLeast(count: number): Promise<readonly T[]>;
  /** Resolves with the first item that matches, recorded already or later. */
  first(fits: (item: T) => boolean): Promise<T>;
}

/** An empty recorder. A test that waits for an item that never comes ends by its own time limit. */
export function record<T>(): Recorded<T> {
  const all: T[] = [];
  let checks: (() => boolean)[] = [];
  const when = <R>(find: () => { readonly found: R } | undefined) =>
    new Promise<R>((resolve) => {
      const check = () => {
        const seen = find();
        if (seen !== undefined) resolve(seen.found);
        return seen !== undefined;
      };
      if (!check()) checks.push(check);
    });
  return {
    all,
    push(item) {
      all.push(item);
      checks = checks.filter((check) => !check());
    },
    atLeast: (count) => when(() => (all.length >= count ? { found: [...all] } : undefined)),
    first: (fits) =>
      when(() => {
        const index = all.findIndex(fits);
        const item = all[index];
        return item === undefined ? undefined : { found: item };
      }),
  };
}
