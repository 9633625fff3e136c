import type { ErrorCode, StoredEvent } from "@shoal/proto";
import { ChunkedMap, type WritableMap } from "./chunked-map.ts";

/** A refusal: its code and its sentence. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly why: string;
}

/** The result of a command: events (none: nothing changes), or a rejection. */
export type Decision<E> =
  | { readonly ok: true; readonly events: readonly E[] }
  | { readonly ok: false; readonly rejection: Rejection };

/** The time and the log position of an event. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly seq: number;
  /**
   * Objects created within one fold or decision, invisible outside it: they may be changed in place. A job of a thousand executions is
   * then copied once for a commit and not for each of its events. When left out, every state is immutable.
   */
  readonly fresh?: Set<object>;
}

/** A mutable version of this map: a copy, unless the same fold has copied it before. */
export function writable<K, V>(map: ReadonlyMap<K, V>, { fresh }: Moment): WritableMap<K, V> {
  if (fresh?.has(map)) return map as WritableMap<K, V>;
  const copy = map instanceof ChunkedMap ? (map.copy() as ReadonlyMap<unknown, V> as WritableMap<K, V>) : new Map(map);
  fresh?.add(copy);
  return copy;
}

/** Folds one event in; undefined when the machine does not allow it. */
export type Evolve<S, E> = (state: S | undefined, event: E, moment: Moment) => S | undefined;

/**
 * A decision in progress: each event is folded in at once, so that the next one is decided on the resulting state. An `emit` may change a
 * state that was read after an earlier `emit`: read it again, or copy what is iterated over.
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

/** Runs one decision over a state. The only place where the machine refuses an event. */
export function decideWith<S, E extends StoredEvent>(
  evolve: Evolve<S, E>,
  before: S | undefined,
  { now, decide }: { readonly now: number; readonly decide: (draft: Draft<S, E>) => void },
): Decision<E> {
  const events: E[] = [];
  // One set for the whole decision: later events change in place what the first one copied.
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
