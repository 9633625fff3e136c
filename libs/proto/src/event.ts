import type { z } from "zod";

/** One kind of event: its name, and the facts it carries. */
export interface EventKind<N extends string, S extends z.ZodType> {
  readonly name: N;
  readonly data: S;
  /** The event that states these facts. */
  of(facts: z.infer<S>): { readonly type: N; readonly data: z.infer<S> };
}

/** Declares a kind of event. Its name is past tense and stands in the log for ever. */
export function defineEvent<const N extends string, S extends z.ZodType>(name: N, data: S): EventKind<N, S> {
  return { name, data, of: (facts) => ({ type: name, data: facts }) };
}

/** The event that a kind makes. */
export type EventOf<K> =
  K extends EventKind<infer N, infer S> ? { readonly type: N; readonly data: z.infer<S> } : never;
