import { Fault } from "@shoal/core";

/** Long-lived streams of one kind: counted, bounded, and ended together when the service stops. */
export interface Occupancy {
  /** Takes a place; the answer gives it back. Throws Fault TOO_MANY when all are taken. */
  enter(): () => void;
  /** Places taken now. */
  size(): number;
  /** Calls back when the service stops; the answer forgets about it. */
  onClose(callback: () => void): () => void;
  close(): void;
}

export function createOccupancy(what: string, most: number): Occupancy {
  let taken = 0;
  const closers = new Set<() => void>();
  return {
    enter() {
      if (taken >= most) throw new Fault("TOO_MANY", `${most} ${what} are open, which is the most`);
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
