import type { z } from "zod";

/** Turns the data of one version of an event into the data of the next one. Pure. */
export type Lift = (data: unknown) => unknown;

/** A kind of event: its name, its version and the facts it carries. */
export interface EventKind<N extends string, S extends z.ZodType> {
  readonly name: N;
  /** The version that this code writes, from 1. */
  readonly version: number;
  readonly data: S;
  /** `lifts[n]` turns data of version n + 1 into data of version n + 2; `version - 1` of them. */
  readonly lifts: readonly Lift[];
  /** The lowest feature level of a cluster in which this version of the event may be written. */
  readonly since: number;
  /** Makes the event from its facts. */
  of(facts: z.infer<S>): { readonly type: N; readonly v: number; readonly data: z.infer<S> };
}

/** How an event has changed since its first version. */
export interface EventEvolution {
  /** None when left out. */
  readonly lifts?: readonly Lift[];
  /** 1 when left out. */
  readonly since?: number;
}

/**
 * Declares a kind of event. Its name is past tense. A stored event keeps its version: a schema that changes needs a lift, and
 * the version is one more than the number of lifts. `since` marks what the previous release cannot read.
 */
export function defineEvent<const N extends string, S extends z.ZodType>(
  name: N,
  data: S,
  { lifts = [], since = 1 }: EventEvolution = {},
): EventKind<N, S> {
  const version = lifts.length + 1;
  return { name, version, data, lifts, since, of: (facts) => ({ type: name, v: version, data: facts }) };
}

/** The event that a kind makes. */
export type EventOf<K> =
  K extends EventKind<infer N, infer S> ? { readonly type: N; readonly v: number; readonly data: z.infer<S> } : never;
