import { Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";
import { z } from "zod";

const Refusal = z.object({ statusCode: z.int(), json: z.object({ message: z.string() }).nullish().catch(undefined) });

// What the engine means when it says that the request itself is wrong. Everything else may go better on another node.
const meanings: Readonly<Record<number, ErrorCode>> = { 400: "TASK_INVALID" };

/** The engine's HTTP status, or undefined when it did not answer at all. */
export function statusOf(failure: unknown): number | undefined {
  return Refusal.safeParse(failure).data?.statusCode;
}

// Characters of an engine's words that are kept: some lines. It may quote what a registry sent it.
const wordsMaxLength = 1_000;
// How an engine quotes an answer that it could not read. A registry can lead it to any service that the machine reaches, so what that
// answered is not for the owner of the job.
const quotedBody = /(error parsing HTTP \d+ response body).*/s;

/** The engine's own words, without what it quotes of others' answers. */
export function wordsOf(failure: unknown): string {
  const said = Refusal.safeParse(failure).data?.json?.message;
  const text = said ?? (failure instanceof Error ? failure.message : String(failure));
  return text
    .replace(/^\(HTTP code \d+\) [^-]*- /, "")
    .replace(quotedBody, "$1")
    .trim()
    .slice(0, wordsMaxLength);
}

/** What a failed call to the engine means for the task. `codes` adds meanings of statuses for this call; a Fault stays itself. */
export function engineFault(failure: unknown, desired: string, codes: Readonly<Record<number, ErrorCode>> = {}): Fault {
  if (failure instanceof Fault) return failure;
  const status = statusOf(failure);
  const code = status === undefined ? undefined : (codes[status] ?? meanings[status]);
  return new Fault(code ?? "ENGINE_FAILED", `${desired}: ${wordsOf(failure)}`, { details: { status }, cause: failure });
}
