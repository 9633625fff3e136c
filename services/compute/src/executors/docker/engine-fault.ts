import { Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";
import { z } from "zod";

const Refusal = z.object({ statusCode: z.int(), json: z.object({ message: z.string() }).nullish().catch(undefined) });

// HTTP statuses with which the engine refuses the request itself. Any other failure may not occur on another node.
const meanings: Readonly<Record<number, ErrorCode>> = { 400: "TASK_INVALID" };

/** The engine's HTTP status, or undefined when it did not answer. */
export function statusOf(failure: unknown): number | undefined {
  return Refusal.safeParse(failure).data?.statusCode;
}

// Limit of an engine's message, in characters: some lines. The message may quote what a registry sent.
const wordsMaxLength = 1_000;
// How an engine quotes an answer that it could not parse. A registry can redirect the engine to any service that the
// machine reaches, so the job's owner must not see that answer.
const quotedBody = /(error parsing HTTP \d+ response body).*/s;

/** The engine's message, without the answers that it quotes. */
export function wordsOf(failure: unknown): string {
  const message = Refusal.safeParse(failure).data?.json?.message;
  const text = message ?? (failure instanceof Error ? failure.message : String(failure));
  return text
    .replace(/^\(HTTP code \d+\) [^-]*- /, "")
    .replace(quotedBody, "$1")
    .trim()
    .slice(0, wordsMaxLength);
}

/**
 * Translates a failed call to the engine into a Fault. `codes` adds the meaning of statuses for this call; a Fault is
 * returned unchanged.
 */
export function engineFault(failure: unknown, action: string, codes: Readonly<Record<number, ErrorCode>> = {}): Fault {
  if (failure instanceof Fault) return failure;
  const status = statusOf(failure);
  const code = status === undefined ? undefined : (codes[status] ?? meanings[status]);
  return new Fault(code ?? "ENGINE_FAILED", `${action}: ${wordsOf(failure)}`, { details: { status }, cause: failure });
}
