import { z } from "zod";
import { executionMachine } from "./execution/machine.ts";
import { jobMachine } from "./job/machine.ts";
import type { AnyEventKind } from "./machine.ts";
import { nodeMachine } from "./node/machine.ts";
import { secretMachine } from "./secret/machine.ts";

/** The version of the commit's form. */
export const commitVersion = 1;

/** An event in a commit. */
export interface StoredEvent {
  readonly type: string;
  /** The version of the event's schema. */
  readonly v: number;
  readonly data: unknown;
}

/** The client, node or requester that caused a commit. */
export const Actor = z.object({
  /** A client of the API, a compute node, or a requester that acts by itself (deadlines, effects). */
  type: z.enum(["client", "node", "requester"]),
  /** The client's key or user, the node's id, the requester's id; empty for a client that is not known. */
  id: z.string(),
  /** The client's network address. */
  address: z.string().optional(),
  /** The id of the API request, as the client and the access log have it. */
  requestId: z.string().optional(),
});
export type Actor = z.infer<typeof Actor>;

/** Which command led to a commit. */
const Cause = z.object({
  /** The command's name; several, joined by `+`, for commands decided together. At most 200 characters. */
  command: z.string(),
  /** The command's id, if it has one: a repeated command with this id changes nothing. */
  id: z.string().optional(),
});
export type Cause = z.infer<typeof Cause>;

/** One decision: the 1..n events that became true together. One message in the log. */
export interface Commit<E extends StoredEvent = StoredEvent> {
  readonly v: typeof commitVersion;
  /** Globally unique; also the message id. */
  readonly id: string;
  /** Milliseconds since the epoch, by the clock of the requester that decided. */
  readonly at: number;
  /** The id of the requester that decided. */
  readonly by: string;
  readonly actor: Actor;
  readonly cause: Cause;
  /** The fencing number of the lease under which it was decided; 0 when none was needed. */
  readonly epoch: number;
  /** SHA-256, in hexadecimal, of the previous commit's bytes on this subject; empty for the first. */
  readonly prev: string;
  readonly events: readonly E[];
}

/** The envelope's form. Events are checked by their own schemas when they are decided. */
export const CommitEnvelope = z.object({
  v: z.literal(commitVersion),
  id: z.string().min(1),
  at: z.number(),
  by: z.string(),
  actor: Actor,
  cause: Cause,
  epoch: z.number(),
  prev: z.string(),
  events: z.array(z.object({ type: z.string(), v: z.int().min(1), data: z.unknown() })).min(1),
});

/** The most bytes of a commit: the aim and the limit. Larger data is stored elsewhere, and the log refers to it. */
export const commitBytes = { aim: 65_536, max: 524_288 } as const;

/** Every kind of event in the log, by name. */
export const eventKinds: ReadonlyMap<string, AnyEventKind> = new Map(
  [jobMachine, executionMachine, nodeMachine, secretMachine].flatMap((machine) =>
    machine.rows.map(([, kind]) => [kind.name, kind] as const),
  ),
);
