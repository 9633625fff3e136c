import type { ApiError } from "@shoal/client";
import { type ErrorCode, errors } from "@shoal/proto/errors";
import { paint } from "./output/paint.ts";
import { oneLine, safeLines } from "./output/safe-text.ts";
import type { Terminal } from "./terminal.ts";

/** An error of the command line itself: a code of the error table, and what was expected and got. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: ErrorCode;
  readonly hint: string;

  /** The hint defaults to that of the error table. */
  constructor(code: ErrorCode, why: string, hint: string = errors[code].hint) {
    super(why);
    this.code = code;
    this.hint = hint;
  }
}

/** The exit code of a failure in the error table; 1 for a failure without a row. */
export function exitOf(failure: unknown): number {
  const code = codeOf(failure);
  return code === undefined ? 1 : errors[code].exit;
}

/** A failure as data, to be sent to another process. */
export function failureInWords(failure: unknown): {
  readonly code: ErrorCode;
  readonly why: string;
  readonly hint: string;
} {
  return { code: codeOf(failure) ?? "INTERNAL", why: messagesOf(failure).join("; "), hint: hintOf(failure) };
}

// By its name: the class would load the client and every schema of the API.
const isApiError = (failure: unknown): failure is ApiError => failure instanceof Error && failure.name === "ApiError";

const isCode = (text: unknown): text is ErrorCode => typeof text === "string" && Object.hasOwn(errors, text);

function codeOf(failure: unknown): ErrorCode | undefined {
  if (isCode(failure)) return failure;
  if (isApiError(failure)) return codeOfAnswer(failure);
  // A Fault of a service that runs in this process has a code of the same table.
  return failure instanceof Error && "code" in failure && isCode(failure.code) ? failure.code : undefined;
}

/**
 * The row of a code of the API. The API answers with Bacalhau's codes, and several rows share one; the status distinguishes them.
 * Rows for the end of a job are left out: no API call is answered with one.
 */
function codeOfAnswer({ code, status }: ApiError): ErrorCode | undefined {
  const rows = Object.entries(errors).filter(([, row]) => row.wire === code && row.exit !== errors.STOPPED.exit);
  const exact = rows.find(([, row]) => row.http === status) ?? rows[0];
  return isCode(exact?.[0]) ? exact[0] : undefined;
}

/** Prints a failure: the error, the hint, and the request id. */
export function sayFailure(terminal: Terminal, failure: unknown): void {
  const { red, green } = paint(terminal.colours);
  for (const message of messagesOf(failure)) terminal.err(`${red("Error:")} ${safeLines(message)}\n`);
  const hint = hintOf(failure);
  if (hint !== "") terminal.err(`${green("Hint:")}  ${safeLines(hint)}\n`);
  if (isApiError(failure) && failure.status >= 500 && failure.requestId !== "") {
    terminal.err(`Request: ${oneLine(failure.requestId)}\n`);
  }
}

function messagesOf(failure: unknown): readonly string[] {
  if (failure instanceof AggregateError && failure.errors.length > 0) return failure.errors.flatMap(messagesOf);
  return [failure instanceof Error ? failure.message : String(failure)];
}

function hintOf(failure: unknown): string {
  if (isApiError(failure) || failure instanceof CliError) return failure.hint;
  const code = codeOf(failure);
  return code === undefined ? "" : errors[code].hint;
}
