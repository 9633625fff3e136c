import { type ErrorCode, errors } from "@shoal/proto";

/** The error of an API response, or of a call that no requester answered. */
export interface ApiProblem {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The code on the wire, such as `NotFound`. */
  readonly code: string;
  readonly message: string;
  /** What the user can do next; empty when unknown. */
  readonly hint: string;
  /** The id of the call in the requester's log; empty when no response came. */
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A failed call. Thrown by every method of the client. */
export class ApiError extends Error implements ApiProblem {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(problem: ApiProblem, options?: ErrorOptions) {
    super(problem.message, options);
    this.status = problem.status;
    this.code = problem.code;
    this.hint = problem.hint;
    this.requestId = problem.requestId;
    this.details = problem.details;
  }
}

/** An error of the client itself, with the texts of the error table. */
export function ownProblem(code: ErrorCode, why: string, cause?: unknown): ApiError {
  const { wire, summary, hint } = errors[code];
  const problem = { status: 0, code: wire, message: `${summary}: ${why}`, hint, requestId: "", details: {} };
  return new ApiError(problem, cause === undefined ? undefined : { cause });
}

/** The error of a failed response. Reads the API's error body; of anything else it shows the status and the beginning of the text. */
export function problemOf(status: number, text: string): ApiError {
  const body = parse(text);
  const field = (name: string): string => (typeof body?.[name] === "string" ? body[name] : "");
  return new ApiError({
    status,
    code: field("Code") || "UnknownError",
    message: field("Message") || field("Error") || `HTTP ${status}: ${text.slice(0, shownChars) || "empty answer"}`,
    hint: field("Hint"),
    requestId: field("RequestID"),
    details: record(body?.["Details"]) ?? {},
  });
}

// Two lines of a terminal: enough to recognise a proxy's error page.
const shownChars = 160;

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return record(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
