import { Bug, Fault } from "@shoal/core";
import { type ErrorCode, errors } from "@shoal/proto";
import { z } from "zod";

/** A failure as the response body carries it. */
export interface ErrorReply {
  readonly status: number;
  readonly body: {
    readonly Status: number;
    readonly Message: string;
    readonly RequestID: string;
    readonly Code: string;
    readonly Component: string;
    readonly Hint: string;
    readonly Details?: Readonly<Record<string, string>>;
  };
}

// The framework's own errors: https://fastify.dev/docs/latest/Reference/Errors
const framework: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "UNSUPPORTED_MEDIA",
};

/** Converts anything that was thrown into an error response: the only place that does. */
export function errorReply(failure: unknown, requestId: string): ErrorReply {
  const { code, message, details } = read(failure);
  const { http, wire, hint } = errors[code];
  const body = {
    Status: http,
    Message: message,
    RequestID: requestId,
    Code: wire,
    Component: componentOf(code),
    Hint: hint,
    ...(details === undefined ? {} : { Details: details }),
  };
  return { status: http, body };
}

/** Whether the failure is on the server's side: an operator has to see it. */
export const isOurs = (failure: unknown): boolean => errors[read(failure).code].http >= 500;

interface ErrorText {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, string>>;
}

function read(failure: unknown): ErrorText {
  if (failure instanceof Fault) {
    const details = Object.entries(failure.details).map(([key, value]) => [key, String(value)] as const);
    return {
      code: failure.code,
      message: failure.message,
      ...(details.length === 0 ? {} : { details: Object.fromEntries(details) }),
    };
  }
  if (failure instanceof z.ZodError) return errorText("BAD_REQUEST", failure.issues.map(sentence).join("\n"));
  if (failure instanceof Error && !(failure instanceof Bug) && "code" in failure && "statusCode" in failure) {
    const status = Number(failure.statusCode);
    const code = framework[String(failure.code)] ?? (status >= 400 && status < 500 ? "BAD_REQUEST" : "INTERNAL");
    return errorText(code, failure.message);
  }
  return errorText("INTERNAL", failure instanceof Error ? failure.message : String(failure));
}

const errorText = (code: ErrorCode, why: string): ErrorText => ({ code, message: `${errors[code].summary}: ${why}` });

const sentence = (issue: z.core.$ZodIssue): string => `query ${issue.path.join(".")}: ${issue.message}`;

// Bacalhau's names of the components that fail.
const components: readonly (readonly [prefix: string, component: string])[] = [
  ["JOB_", "JobStore"],
  ["MULTIPLE_JOBS", "JobStore"],
  ["EXECUTION_", "JobStore"],
  ["ILLEGAL_", "JobStore"],
  ["REVISION_", "JobStore"],
  ["NODE_", "NodesManager"],
  ["MULTIPLE_NODES", "NodesManager"],
  ["LOG_", "Transport"],
];

function componentOf(code: ErrorCode): string {
  return components.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "APIServer";
}
