import { type ErrorCode, errors } from "@shoal/proto";

/** What an API says when it says no, and what the client says when nobody answers. */
export interface ApiProblem {
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The code on the wire, such as `NotFound`. */
  readonly code: string;
  readonly message: string;
  /** What a person does next; empty when nobody knows. */
  readonly hint: string;
  /** Names the call in the requester's own log; empty when there was no answer. */
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A call that did not succeed. Thrown by every method of the client. */
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

/** A failure on the client's own side, worded by the error table. */
export function ownProblem(code: ErrorCode, why: string, cause?: unknown): ApiError {
  const { wire, summary, hint } = errors[code];
  const problem = { status: 0, code: wire, message: `${summary}: ${why}`, hint, requestId: "", details: {} };
  return new ApiError(problem, cause === undefined ? undefined : { cause });
}

/** What a failed answer says. Reads the API's error body; anything else is shown as the status and the beginning of its text. */
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

// Two lines of a terminal: enough to recognise a proxy's page by.
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
