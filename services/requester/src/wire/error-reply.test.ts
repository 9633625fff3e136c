import { Bug, Fault } from "@shoal/core";
import { type ErrorCode, errors } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { errorReply, isOurs } from "./error-reply.ts";

// Written by hand and not derived from the table of errors: clients, scripts and retries depend on each of these.
const expected: Readonly<Record<ErrorCode, readonly [status: number, wire: string, exit: number, retry: boolean]>> = {
  BAD_REQUEST: [400, "BadRequest", 2, false],
  INVALID_SPEC: [400, "ValidationError", 2, false],
  TOO_LARGE: [413, "BadRequest", 2, false],
  UNSUPPORTED_MEDIA: [415, "BadRequest", 2, false],
  UNAUTHORIZED: [401, "Unauthorized", 3, false],
  ORIGIN_REFUSED: [403, "Forbidden", 3, false],
  TIMED_OUT: [503, "TimeOut", 7, true],
  POSITION_AHEAD: [400, "PositionAhead", 2, false],
  POSITION_NOT_REACHED: [503, "ServiceUnavailable", 7, true],
  NOT_FOUND: [404, "NotFound", 4, false],
  JOB_NOT_FOUND: [404, "NotFound", 4, false],
  EXECUTION_NOT_FOUND: [404, "NotFound", 4, false],
  NODE_NOT_FOUND: [404, "NotFound", 4, false],
  SECRET_NOT_FOUND: [404, "NotFound", 4, false],
  SECRET_MISSING: [422, "ValidationError", 9, false],
  SECRETS_DISABLED: [409, "ConfigurationError", 5, false],
  SECRETS_UNAVAILABLE: [503, "ServiceUnavailable", 7, true],
  RESULT_NOT_FOUND: [404, "NotFound", 4, false],
  MULTIPLE_JOBS: [409, "MultipleJobsFound", 5, false],
  MULTIPLE_NODES: [409, "MultipleNodesFound", 5, false],
  NODE_CONFLICT: [409, "ConflictNodeState", 5, false],
  JOB_EXISTS: [409, "ResourceInUse", 5, false],
  JOB_UNCHANGED: [409, "ConflictJobState", 5, false],
  VERSION_NOT_FOUND: [404, "NotFound", 4, false],
  TASK_EXITED: [500, "InternalError", 9, true],
  ROLLOUT_FAILED: [500, "InternalError", 9, false],
  ILLEGAL_TRANSITION: [409, "ConflictJobState", 5, false],
  NOT_YOURS: [409, "ConflictJobState", 5, false],
  REVISION_CONFLICT: [409, "ConcurrentUpdate", 6, true],
  TOO_MANY: [429, "ResourceExhausted", 6, true],
  LOG_UNREACHABLE: [503, "ServiceUnavailable", 7, true],
  LOG_FULL: [503, "ServiceUnavailable", 7, true],
  NOT_READY: [503, "ServiceUnavailable", 7, true],
  NATS_REFUSED: [503, "ConfigurationError", 10, false],
  API_UNREACHABLE: [503, "NetworkFailure", 7, true],
  LOG_UNSUITABLE: [500, "ConfigurationError", 8, false],
  LOG_DAMAGED: [500, "DatastoreFailure", 8, false],
  LOG_NEWER: [503, "ServiceUnavailable", 8, true],
  FEATURE_LEVEL: [409, "ConfigurationError", 5, true],
  REQUESTER_BEHIND: [503, "ServiceUnavailable", 7, true],
  UPGRADE_UNFINISHED: [409, "ConfigurationError", 5, false],
  START_TIMED_OUT: [500, "TimeOut", 9, true],
  PUBLISH_TIMED_OUT: [500, "TimeOut", 9, true],
  STOP_TIMED_OUT: [500, "TimeOut", 9, true],
  CONFIG_INVALID: [500, "ConfigurationError", 8, false],
  UNKNOWN_PART: [422, "BadRequest", 8, false],
  NO_NODE_FITS: [409, "ResourceExhausted", 6, false],
  NO_CAPACITY: [429, "ResourceExhausted", 6, true],
  INPUT_UNAVAILABLE: [422, "BadRequest", 9, false],
  ENGINE_FAILED: [500, "InternalError", 9, true],
  TASK_INVALID: [422, "BadRequest", 9, false],
  PUBLISH_FAILED: [500, "InternalError", 9, true],
  OUT_OF_MEMORY: [500, "ResourceExhausted", 9, false],
  DISK_LIMIT_EXCEEDED: [500, "ResourceExhausted", 9, false],
  OUTPUT_TOO_LARGE: [500, "ResourceExhausted", 9, false],
  RESULTS_TOO_LARGE: [500, "ResourceExhausted", 9, false],
  EXECUTION_TIMED_OUT: [500, "TimeOut", 9, false],
  JOB_TIMED_OUT: [500, "TimeOut", 9, false],
  NODE_LOST: [500, "NetworkFailure", 9, true],
  NODE_RESTARTED: [500, "InternalError", 9, true],
  STOPPED: [409, "ConflictJobState", 9, false],
  RETRIES_EXHAUSTED: [500, "InternalError", 9, false],
  NODE_ID_IN_USE: [500, "ConfigurationError", 8, false],
  DATA_DIR_IN_USE: [500, "ConfigurationError", 8, false],
  DATA_DIR_FAILED: [500, "IOError", 8, true],
  NODE_DISK_FULL: [500, "IOError", 9, true],
  INTERNAL: [500, "InternalError", 1, false],
};

const components: Readonly<Record<string, readonly string[]>> = {
  JobStore: ["JOB_NOT_FOUND", "MULTIPLE_JOBS", "EXECUTION_NOT_FOUND", "ILLEGAL_TRANSITION", "REVISION_CONFLICT"],
  NodesManager: ["NODE_NOT_FOUND", "MULTIPLE_NODES", "NODE_LOST"],
  Transport: ["LOG_UNREACHABLE", "LOG_DAMAGED"],
  APIServer: ["INTERNAL", "BAD_REQUEST", "NOT_FOUND", "TOO_MANY"],
};

describe("the answer to a failure", () => {
  it.each(Object.entries(expected))("%s has its status, code and exit code", (name, [status, wire, exit, retry]) => {
    const code = name as ErrorCode;
    const reply = errorReply(new Fault(code, "the reason", { details: { count: 2 } }), "r-1");
    const { hint } = errors[code];
    expect(reply).toEqual({
      status,
      body: {
        ...{ Status: status, Code: wire, RequestID: "r-1", Hint: hint, Component: expect.any(String) },
        Message: expect.stringContaining("the reason"),
        Details: { count: "2" },
      },
    });
    expect([errors[code].exit, errors[code].retry]).toEqual([exit, retry]);
    expect(isOurs(new Fault(code, ""))).toBe(status >= 500);
  });

  it("names the part that failed, as Bacalhau does", () => {
    const codes = Object.entries(components).flatMap(([part, list]) => list.map((code) => [part, code] as const));
    const named = codes.map(([, code]) => [errorReply(new Fault(code as ErrorCode, ""), "").body.Component, code]);
    expect(named).toEqual(codes);
  });

  it.each([
    ["a field of the query that is wrong", zodError(), 400, "BadRequest", "query limit: too many"],
    ["a body that is too large", framework("FST_ERR_CTP_BODY_TOO_LARGE", 413), 413, "BadRequest", "as it came"],
    ["a body of another form", framework("FST_ERR_CTP_INVALID_MEDIA_TYPE", 415), 415, "BadRequest", "as it came"],
    ["a body that is no JSON", framework("FST_ERR_CTP_INVALID_JSON_BODY", 400), 400, "BadRequest", "as it came"],
    [
      "a failure of the framework",
      framework("FST_ERR_REP_INVALID_PAYLOAD_TYPE", 500),
      500,
      "InternalError",
      "as it came",
    ],
    ["a bug", new Bug("impossible"), 500, "InternalError", "impossible"],
    ["anything else", "a text", 500, "InternalError", "a text"],
  ])("%s is reported by the same table", (...[, failure, status, wire, message]) => {
    const { status: got, body } = errorReply(failure, "r-1");
    expect([got, body.Status, body.Code]).toEqual([status, status, wire]);
    expect(body.Message).toContain(message);
    expect(body).not.toHaveProperty("Details");
  });
});

function zodError(): unknown {
  return z.object({ limit: z.number().max(5, "too many") }).safeParse({ limit: 9 }).error;
}

function framework(code: string, statusCode: number): Error {
  return Object.assign(new Error("as it came"), { code, statusCode });
}
