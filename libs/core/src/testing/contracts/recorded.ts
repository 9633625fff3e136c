/** What a callback was told, so that a test can wait for it without a clock. */
export interface Recorded<T> {
  readonly all: readonly T[];
  push(item: T): void;
  /** Resolves once `count` things have been told, with all that have been told so far. */
  atLeast(count: number): Promise<readonly T[]>;
  /** Resolves with the first thing that fits, told already or yet to come. */
  first(fits: (item: T) => boolean): Promise<T>;
}

/** An empty ear. A test that waits in vain ends with its own time limit. */
export function record<T>(): Recorded<T> {
  const all: T[] = [];
  let checks: (() => boolean)[] = [];
  const when = <R>(look: () => { readonly found: R } | undefined) =>
    new Promise<R>((resolve) => {
      const check = () => {
        const seen = look();
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
