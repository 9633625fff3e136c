import type { Clock, ViewEntry, ViewStore } from "@shoal/core";

/**
 * Where in a bucket a watch has got to. A mark is put behind everything that is stored; when the watch tells of it, all that was
 * there before has been told too. The mark is removed again. Its key begins with `_`, which no namespace does.
 */
export interface SyncMark {
  /** Whether the key is a mark's, ours or another requester's. */
  owns(key: string): boolean;
  heard(key: string, value: ViewEntry | undefined): void;
  /** Resolves once everything that was stored when this was called has been told. Throws Fault LOG_UNREACHABLE. */
  passed(): Promise<void>;
}

const prefix = "_sync.";

export function createSyncMark(views: ViewStore, requesterId: string, clock: Clock): SyncMark {
  // Of this process alone: a mark that an earlier one left, by a clock that was ahead, would make ours look outdated.
  const own = `${prefix}${requesterId}-${clock.now().toString(36)}`;
  let last = 0;
  let awaited: { readonly seq: number; readonly done: () => void } | undefined;
  let running: Promise<void> | undefined;
  let following: Promise<void> | undefined;

  async function round(): Promise<void> {
    // Greater than any mark before: an older one would be taken for outdated.
    last = Math.max(clock.now(), last + 1);
    const seq = last;
    const told = new Promise<void>((done) => {
      awaited = { seq, done };
    });
    await views.put(own, { seq });
    await told;
    // A mark that stays is only a spare entry, which the next one replaces.
    views.remove(own, seq).catch(() => {});
  }

  return {
    owns: (key) => key.startsWith(prefix),
    heard(key, value) {
      if (key === own && value !== undefined && awaited !== undefined && value.seq >= awaited.seq) awaited.done();
    },
    passed() {
      // A mark on its way may be ahead of what was stored since: whoever comes later waits for the next one, together.
      if (running === undefined) {
        running = round().finally(() => {
          running = undefined;
        });
        return running;
      }
      following ??= running
        .catch(() => {})
        .then(() => {
          following = undefined;
          return this.passed();
        });
      return following;
    },
  };
}
