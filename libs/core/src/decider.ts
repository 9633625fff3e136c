import type { ErrorCode, StoredEvent } from "@shoal/proto";

/** A "no" with its name and its sentence. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly why: string;
}

/** What a command comes to: events that became true (none: nothing to do), or a rejection. */
export type Decision<E> =
  | { readonly ok: true; readonly events: readonly E[] }
  | { readonly ok: false; readonly rejection: Rejection };

/** When and at which position of the log something became true. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly seq: number;
  /**
   * What was made within one fold or decision, and is not visible outside it: it may be changed in place. A job of a thousand
   * executions is then copied once for a commit and not for each of its events. Left out, every state stays as it is.
   */
  readonly fresh?: Set<object>;
}

/** A map to change instead of this one: a copy, unless it was copied for the same fold before. */
export function writable<K, V>(map: ReadonlyMap<K, V>, { fresh }: Moment): Map<K, V> {
  if (fresh?.has(map)) return map as Map<K, V>;
  const copy = new Map(map);
  fresh?.add(copy);
  return copy;
}

/** Folds one event in; undefined when the machine has no such row. */
export type Evolve<S, E> = (state: S | undefined, event: E, moment: Moment) => S | undefined;

/**
 * A decision in the making: each event is folded in at once, so that the next one is decided on what is true by then. A state that was
 * read after an `emit` may be changed by the next one: read it again, or copy what is walked over.
 */
export interface Draft<S, E> {
  readonly state: S | undefined;
  readonly now: number;
  emit(event: E): void;
  refuse(code: ErrorCode, why: string): never;
}

class DecisionRefused extends Error {
  readonly rejection: Rejection;
  constructor(rejection: Rejection) {
    super(rejection.why);
    this.rejection = rejection;
  }
}

/** Runs one decision over a state. The one place where the machine may say no. */
export function decideWith<S, E extends StoredEvent>(
  evolve: Evolve<S, E>,
  before: S | undefined,
  { now, decide }: { readonly now: number; readonly decide: (draft: Draft<S, E>) => void },
): Decision<E> {
  const events: E[] = [];
  // One set for the whole decision: what the first event copied, the others change in place.
  const moment: Moment = { at: now, seq: 0, fresh: new Set<object>() };
  let state = before;
  const draft: Draft<S, E> = {
    get state() {
      return state;
    },
    now,
    emit(event) {
      const after = evolve(state, event, moment);
      if (after === undefined) draft.refuse("ILLEGAL_TRANSITION", `${event.type} is not allowed now`);
      else {
        state = after;
        events.push(event);
      }
    },
    refuse(code, why) {
      throw new DecisionRefused({ code, why });
    },
  };
  try {
    decide(draft);
  } catch (failure) {
    if (failure instanceof DecisionRefused) return { ok: false, rejection: failure.rejection };
    throw failure;
  }
  return { ok: true, events };
}
