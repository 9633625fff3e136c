import type { Clock } from "@shoal/core";
import { addResources, noResources, type Resources, shortage, timesFitting } from "@shoal/proto";

/** How long the room of an accepted bid is kept: the time of many auctions, and of one that has to be repeated. */
export const holdMs = 5_000;

export interface LedgerOptions {
  readonly clock: Clock;
  readonly capacity: Resources;
  /** The most slots held or taken at once, whatever they ask for. */
  readonly slotsMax: number;
  /** Called after room came free that somebody was refused for since the last call. */
  readonly freed: () => void;
}

/** What the node has promised and to whom. Everything that is held ends: it is taken, released, or it expires. */
export interface Ledger {
  /** Neither held nor taken. */
  available(): Resources;
  /** How many executions hold room. */
  taken(): number;
  /** Holds room for up to `slots` times `each` until `holdUntil`, or says why not once. The same ask again gets the same answer. */
  hold(askId: string, each: Resources, slots: number): Held;
  /** Ends what is left of a hold. */
  release(askId: string): void;
  /** Turns a slot of the ask's hold into an execution's own, or takes free room. Why there is none, or undefined when it is taken. */
  take(executionId: string, askId: string, wanted: Resources): string | undefined;
  /** Notes what an execution uses already, whether or not it fits. */
  adopt(executionId: string, used: Resources): void;
  /** Ends what an execution has. Again is harmless. */
  settle(executionId: string): void;
  /** Ends every hold and every timer. */
  close(): void;
}

export type Held =
  | { readonly slots: number; readonly holdUntil: number }
  | { readonly slots: 0; readonly why: string; readonly holdUntil?: never };

interface Hold {
  readonly each: Resources;
  readonly holdUntil: number;
  readonly cancel: () => void;
  slots: number;
}

export function createLedger({ clock, capacity, slotsMax, freed }: LedgerOptions): Ledger {
  const holds = new Map<string, Hold>();
  const allocations = new Map<string, Resources>();
  let used = noResources;
  let usedSlots = 0;
  let refused = false;

  const available = () => addResources(capacity, used, -1);
  const use = (each: Resources, slots: number) => {
    // Added to nothing first: what is rounded in the same way going in and coming out leaves no dust.
    used = addResources(used, addResources(noResources, each), slots);
    usedSlots += slots;
  };
  const giveBack = (each: Resources, slots: number) => {
    use(each, -slots);
    if (!refused) return;
    refused = false;
    freed();
  };
  const refuse = (why: string): string => {
    refused = true;
    return why;
  };
  const whyNot = (wanted: Resources): string =>
    usedSlots >= slotsMax ? `all ${slotsMax} slots are in use` : (shortage(wanted, available()) ?? "no room is left");
  const fitting = (each: Resources, slots: number) =>
    Math.max(0, Math.min(timesFitting(each, available(), slots), slotsMax - usedSlots));

  function release(askId: string): void {
    const hold = holds.get(askId);
    if (hold === undefined) return;
    hold.cancel();
    holds.delete(askId);
    giveBack(hold.each, hold.slots);
  }

  function fromHold(askId: string, wanted: Resources): boolean {
    const hold = holds.get(askId);
    if (hold === undefined || shortage(wanted, hold.each) !== undefined) return false;
    hold.slots -= 1;
    // Silently: it is about to be taken.
    use(hold.each, -1);
    if (hold.slots === 0) {
      hold.cancel();
      holds.delete(askId);
    }
    return true;
  }

  return {
    available,
    taken: () => allocations.size,
    hold(askId, each, slots) {
      const before = holds.get(askId);
      if (before !== undefined) return { slots: before.slots, holdUntil: before.holdUntil };
      const granted = fitting(each, slots);
      if (granted === 0) return { slots: 0, why: refuse(whyNot(each)) };
      // The rest of the slots was refused: room that comes free is news for whoever asked.
      if (granted < slots) refused = true;
      const holdUntil = clock.now() + holdMs;
      holds.set(askId, { each, holdUntil, slots: granted, cancel: clock.at(holdUntil, () => release(askId)) });
      use(each, granted);
      return { slots: granted, holdUntil };
    },
    release,
    take(executionId, askId, wanted) {
      if (allocations.has(executionId)) return undefined;
      if (!fromHold(askId, wanted) && fitting(wanted, 1) === 0) return refuse(whyNot(wanted));
      allocations.set(executionId, wanted);
      use(wanted, 1);
      return undefined;
    },
    adopt(executionId, resources) {
      if (allocations.has(executionId)) return;
      allocations.set(executionId, resources);
      use(resources, 1);
    },
    settle(executionId) {
      const allocation = allocations.get(executionId);
      if (allocation === undefined) return;
      allocations.delete(executionId);
      giveBack(allocation, 1);
    },
    close() {
      for (const hold of holds.values()) hold.cancel();
      holds.clear();
    },
  };
}
