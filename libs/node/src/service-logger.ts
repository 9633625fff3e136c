import { hostname } from "node:os";
import { causeOf, type Logger } from "@shoal/core";
import { errors } from "@shoal/proto";
import { pino } from "pino";

const stderr = 2;

/** A logger that also writes the last line of a process that ends with an error. */
export interface ServiceLogger extends Logger {
  /** Adds these fields to every later line. */
  identify(fields: Readonly<Record<string, string>>): void;
  /** Writes one line at level 60 with the failure's code, message and hint. */
  fatal(failure: unknown): void;
}

/** The service's name, and the minimum level. */
export interface ServiceLoggerOptions {
  /** The service's name, in every line. */
  readonly name: string;
  readonly level: string;
}

/** Writes lines of JSON to stderr, because stdout belongs to the process that starts this one. Each has `name`, `pid` and `hostname`. */
export function serviceLogger({ name, level }: ServiceLoggerOptions): ServiceLogger {
  let identity: Readonly<Record<string, string>> = {};
  const base = { pid: process.pid, hostname: hostname() };
  // Written synchronously: the line that explains why a process ends must not be lost.
  const log = pino(
    { name, level, base, mixin: () => ({ ...identity }) },
    pino.destination({ dest: stderr, sync: true }),
  );
  return {
    info: (fields, message) => log.info(fields, message),
    // A call that fails while the log is unreachable is retried; the connection itself warns when that lasts.
    warn: (fields, message) => log[isUnreachable(fields) ? "info" : "warn"](fields, message),
    identify(fields) {
      identity = fields;
    },
    fatal(failure) {
      // Of several parts that failed, the first is the cause; the others followed.
      const { code, why } = causeOf(failure instanceof AggregateError ? failure.errors[0] : failure);
      log.fatal({ code, why, hint: errors[code].hint }, errors[code].summary);
    },
  };
}

const isUnreachable = (fields: object): boolean => "code" in fields && fields.code === "LOG_UNREACHABLE";
