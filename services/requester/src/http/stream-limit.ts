import { Fault } from "@shoal/core";

/** Long-lived streams of one kind: counted, limited, and ended together when the service stops. */
export interface StreamLimit {
  /** Takes a slot; the returned function releases it. Throws Fault TOO_MANY at the limit. */
  enter(): () => void;
  /** The number of slots in use. */
  size(): number;
  /** Calls back when the service stops; the returned function cancels that. */
  onClose(callback: () => void): () => void;
  close(): void;
}

export function createStreamLimit(what: string, most: number): StreamLimit {
  let taken = 0;
  const closers = new Set<() => void>();
  return {
    enter() {
      if (taken >= most) throw new Fault("TOO_MANY", `limit of ${most} open ${what} reached`);
      taken += 1;
      let inside = true;
      return () => {
        if (inside) taken -= 1;
        inside = false;
      };
    },
    size: () => taken,
    onClose(callback) {
      closers.add(callback);
      return () => void closers.delete(callback);
    },
    close() {
      for (const callback of closers) callback();
      closers.clear();
    },
  };
}
