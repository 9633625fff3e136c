import type { Clock } from "@shoal/core";
import { type Resources, shortage } from "@shoal/proto";
import { createUsage, type Usage } from "./usage.ts";

/** How long a hold lasts: the time of many bidding rounds, and of one that is repeated. */
export const holdMs = 5_000;

/**
 * How long after a refusal the node announces resources that become free. Requesters repeat the asks of waiting jobs
 * every 30 s.
 */
export const announceMs = 60_000;

export interface LedgerOptions {
  readonly clock: Clock;
  readonly capacity: Resources;
  /** Limit of slots that are held or taken at once, whatever they request. */
  readonly slotsMax: number;
  /** Called when resources become free that jobs wait for, as far as this node knows. */
  readonly freed: () => void;
}

/**
 * The resources that the node has promised, and to which asks and executions. Every hold ends: it is taken, released,
 * or it expires.
 */
export interface Ledger {
  /** Resources that are neither held nor taken. */
  available(): Resources;
  /** Number of executions that have resources. */
  taken(): number;
  /** This execution has resources. */
  isTaken(executionId: string): boolean;
  /**
   * Holds `each` for up to `slots` slots until `holdUntil`, or returns why not even one fits. The same ask gets the
   * same answer.
   */
  hold(askId: string, each: Resources, slots: number): HoldResult;
  /** Jobs wait for resources: `freed` is called when some become free, until a minute has passed without a refusal. */
  announceFreeRoom(): void;
  /** Releases this number of slots of a hold, or the rest of the hold when no number is given. */
  release(askId: string, slots?: number): void;
  /**
   * Turns a slot of the ask's hold into the resources of an execution, or takes free resources. Returns why there are
   * none, or undefined on success.
   */
  take(executionId: string, askId: string, required: Resources): string | undefined;
  /** Records what an execution already uses, whether or not it fits. */
  adopt(executionId: string, used: Resources): void;
  /** Releases the resources of an execution. Idempotent. */
  settle(executionId: string): void;
  /** Releases every hold and cancels every timer. */
  close(): void;
}

export type HoldResult =
  | { readonly slots: number; readonly holdUntil: number }
  | { readonly slots: 0; readonly why: string; readonly holdUntil?: never };

interface Hold {
  readonly each: Resources;
  readonly holdUntil: number;
  readonly cancel: () => void;
  slots: number;
}

interface Books {
  readonly clock: Clock;
  readonly usage: Usage;
  readonly holds: Map<string, Hold>;
  readonly allocations: Map<string, Resources>;
  /** `freed` is called until then. */
  announceUntil: number;
  readonly freed: () => void;
}

export function createLedger({ clock, capacity, slotsMax, freed }: LedgerOptions): Ledger {
  const usage = createUsage(capacity, slotsMax);
  const books: Books = { clock, usage, holds: new Map(), allocations: new Map(), announceUntil: 0, freed };
  return {
    available: usage.available,
    taken: () => books.allocations.size,
    isTaken: (executionId) => books.allocations.has(executionId),
    hold: (askId, each, slots) => hold(books, askId, { each, slots }),
    announceFreeRoom: () => announce(books),
    release: (askId, slots) => release(books, askId, slots),
    take: (executionId, askId, required) => take(books, executionId, { askId, required }),
    adopt: (executionId, used) => {
      if (!books.allocations.has(executionId)) allocate(books, executionId, used);
    },
    settle: (executionId) => settle(books, executionId),
    close: () => {
      for (const { cancel } of books.holds.values()) cancel();
      books.holds.clear();
    },
  };
}

function hold(books: Books, askId: string, { each, slots }: { each: Resources; slots: number }): HoldResult {
  const before = books.holds.get(askId);
  if (before !== undefined) return { slots: before.slots, holdUntil: before.holdUntil };
  const granted = books.usage.fitting(each, slots);
  // Also when only some slots were refused: the requester needs to know of resources that become free.
  if (granted < slots) announce(books);
  if (granted === 0) return { slots: 0, why: books.usage.whyNot(each) };
  const holdUntil = books.clock.now() + holdMs;
  const cancel = books.clock.at(holdUntil, () => release(books, askId));
  books.holds.set(askId, { each, holdUntil, slots: granted, cancel });
  books.usage.use(each, granted);
  return { slots: granted, holdUntil };
}

function release(books: Books, askId: string, most = Number.POSITIVE_INFINITY): void {
  const held = books.holds.get(askId);
  if (held === undefined) return;
  const slots = Math.min(held.slots, most);
  held.slots -= slots;
  if (held.slots === 0) {
    held.cancel();
    books.holds.delete(askId);
  }
  giveBack(books, held.each, slots);
}

function take(
  books: Books,
  executionId: string,
  { askId, required }: { askId: string; required: Resources },
): string | undefined {
  if (books.allocations.has(executionId)) return undefined;
  if (!takeFromHold(books, askId, required) && books.usage.fitting(required, 1) === 0) {
    announce(books);
    return books.usage.whyNot(required);
  }
  allocate(books, executionId, required);
  return undefined;
}

/** Frees one slot of a hold without an announcement, because it is about to be taken. */
function takeFromHold(books: Books, askId: string, required: Resources): boolean {
  const from = books.holds.get(askId);
  if (from === undefined || shortage(required, from.each) !== undefined) return false;
  from.slots -= 1;
  books.usage.use(from.each, -1);
  if (from.slots === 0) release(books, askId);
  return true;
}

function allocate(books: Books, executionId: string, resources: Resources): void {
  books.allocations.set(executionId, resources);
  books.usage.use(resources, 1);
}

function settle(books: Books, executionId: string): void {
  const allocation = books.allocations.get(executionId);
  if (allocation === undefined) return;
  books.allocations.delete(executionId);
  giveBack(books, allocation, 1);
}

function announce(books: Books): void {
  books.announceUntil = books.clock.now() + announceMs;
}

function giveBack({ usage, clock, announceUntil, freed }: Books, each: Resources, slots: number): void {
  if (slots === 0) return;
  usage.use(each, -slots);
  if (clock.now() < announceUntil) freed();
}
