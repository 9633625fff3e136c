import { z } from "zod";
import { status } from "./status.ts";

/** The outcome of a publish. */
export type PublishOutcome =
  | { readonly state: "stored"; readonly seq: number; readonly duplicate: boolean }
  /** The expected sequence did not match according to this reply. Read the subject before relying on it. */
  | { readonly state: "conflict"; readonly why: string }
  /** The server will never accept this message. */
  | { readonly state: "refused"; readonly code: number; readonly why: string }
  /** Certainly not stored: no stream listened on the subject, or the message was not sent. */
  | { readonly state: "unsent"; readonly why: string }
  /**
   * May or may not be stored, now or shortly after. `full` when the server reports that it has no space, `unanswered` when it did not
   * reply although the connection was up.
   */
  | { readonly state: "unknown"; readonly why: string; readonly cause?: "full" | "unanswered" };

/**
 * Error codes for no space: the account's limit, insufficient resources, memory, storage, a stream that cannot store (its description
 * names the reason: a limit of the stream or the disk).
 */
const fullCodes: ReadonlySet<number> = new Set([10002, 10023, 10028, 10047, 10077]);

/**
 * Error codes for a message that the server will never accept (from `server/errors.json` of nats-server 2.14): no request, message too
 * large, headers too large, time to live invalid or not possible there, expectation without a sequence. Any other error may be
 * temporary: an unknown code is no reason to drop a message.
 */
const refusedCodes: ReadonlySet<number> = new Set([10003, 10054, 10097, 10165, 10166, 10193]);

/** Error codes for an expectation that did not match: when applied, in flight on a replicated stream, in a batch. */
const conflictCodes: ReadonlySet<number> = new Set([10071, 10164, 10158]);

const PubAck = z.object({
  seq: z.number().optional(),
  duplicate: z.boolean().optional(),
  error: z.object({ code: z.number(), err_code: z.number().optional(), description: z.string().optional() }).optional(),
});

const decoder = new TextDecoder();

/** The parts of a reply to a publish: its bytes, or the status that replaces them. */
export interface PublishAnswer {
  readonly data: Uint8Array;
  readonly headers?: { readonly code: number; readonly status: string } | undefined;
}

/** Reads the reply to a publish. */
export function outcomeOf(message: PublishAnswer): PublishOutcome {
  if (message.data.length === 0) {
    const { headers } = message;
    const state = headers?.code === status.noResponders ? "unsent" : "unknown";
    return { state, why: `no stream answered (${headers?.status ?? "no status"})` };
  }
  const ack = readAck(decoder.decode(message.data));
  if (ack === undefined) return { state: "unknown", why: "the server's answer cannot be read" };
  if (ack.error === undefined) {
    if (ack.seq === undefined) return { state: "unknown", why: "the server's answer names no sequence" };
    return { state: "stored", seq: ack.seq, duplicate: ack.duplicate === true };
  }
  const { code, err_code: errorCode = 0, description = "" } = ack.error;
  const why = `${description} (${errorCode || code})`;
  if (conflictCodes.has(errorCode)) return { state: "conflict", why };
  if (fullCodes.has(errorCode)) return { state: "unknown", why, cause: "full" };
  return refusedCodes.has(errorCode) ? { state: "refused", code: errorCode, why } : { state: "unknown", why };
}

// The usual reply, read without a JSON parser: thousands arrive per second.
const plainAck = /^\{"stream":"[^"\\]*",\s?"seq":(\d+)(,\s?"duplicate":\s?true)?\}$/;

function readAck(text: string): z.infer<typeof PubAck> | undefined {
  const plain = plainAck.exec(text);
  if (plain !== null) return { seq: Number(plain[1]), duplicate: plain[2] !== undefined };
  try {
    return PubAck.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
