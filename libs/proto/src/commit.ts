import { z } from "zod";
import { executionMachine } from "./execution/machine.ts";
import { jobMachine } from "./job/machine.ts";
import type { AnyEventKind } from "./machine.ts";
import { nodeMachine } from "./node/machine.ts";

/** The version of the commit's own form. */
export const commitVersion = 1;

/** One event as it stands in a commit. */
export interface StoredEvent {
  readonly type: string;
  readonly data: unknown;
}

/** One decision: the 1..n events that became true together. One message in the log. */
export interface Commit<E extends StoredEvent = StoredEvent> {
  readonly v: typeof commitVersion;
  /** Unique for ever; also the message id. */
  readonly id: string;
  /** Milliseconds since the epoch, by the clock of who decided. */
  readonly at: number;
  /** Who decided: a requester's id. */
  readonly by: string;
  /** What led to it: a command's or report's name and id. */
  readonly cause: string;
  /** The fencing number of the lease under which it was decided; 0 when none was needed. */
  readonly epoch: number;
  /** SHA-256, in hexadecimal, of the previous commit's bytes on this subject; empty for the first. */
  readonly prev: string;
  readonly events: readonly E[];
}

/** The envelope's form. Events are checked by their own schemas where they come from an untrusted place. */
export const CommitEnvelope = z.object({
  v: z.literal(commitVersion),
  id: z.string().min(1),
  at: z.number(),
  by: z.string(),
  cause: z.string(),
  epoch: z.number(),
  prev: z.string(),
  events: z.array(z.object({ type: z.string(), data: z.unknown() })).min(1),
});

/** The most bytes of a commit: aimed at, and never passed. What is large stands elsewhere, and the log names it. */
export const commitBytes = { aim: 65_536, max: 524_288 } as const;

/** Every kind of event that may stand in the log, by name. */
export const eventKinds: ReadonlyMap<string, AnyEventKind> = new Map(
  [jobMachine, executionMachine, nodeMachine].flatMap((machine) =>
    machine.rows.map(([, kind]) => [kind.name, kind] as const),
  ),
);
