import { Fault } from "@shoal/core";

/** Long-lived streams of one kind: counted, bounded, and ended together when the service stops. */
export interface StreamLimit {
  /** Takes a place; call the answer to release it. Throws Fault TOO_MANY at the limit. */
  enter(): () => void;
  /** Places taken now. */
  size(): number;
  /** Calls back when the service stops; call the answer to cancel. */
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
