import { hostname } from "node:os";
import type { Logger } from "@shoal/core";
import { causeOf } from "@shoal/core";
import { errors } from "@shoal/proto";
import { pino } from "pino";

const stderr = 2;

/** A logger that also writes the line with which a process ends that cannot go on. */
export interface ServiceLog extends Logger {
  /** From now on every line names this node. */
  identify(nodeId: string): void;
  /** One line at level 60 with the failure's code, sentence and hint. */
  fatal(failure: unknown): void;
}

/**
 * Lines of JSON on stderr: stdout belongs to whoever starts us. Each line has `nodeId`, `pid` and `hostname`; a requester's have
 * `requesterId` in place of the first (services/requester/src/pino-logger.ts).
 */
export function openLogger(level: string): ServiceLog {
  let who: { readonly nodeId?: string } = {};
  const base = { pid: process.pid, hostname: hostname() };
  const options = { name: "shoal-compute", level, base, mixin: () => ({ ...who }) };
  const log = pino(options, pino.destination({ dest: stderr, sync: true }));
  return {
    info: (fields, message) => log.info(fields, message),
    // What fails while the log is away is repeated; the connection itself warns when that lasts.
    warn: (fields, message) => log[isUnreachable(fields) ? "info" : "warn"](fields, message),
    identify(nodeId) {
      who = { nodeId };
    },
    fatal(failure) {
      // Of several parts that failed the first says why; the others followed.
      const { code, why } = causeOf(failure instanceof AggregateError ? failure.errors[0] : failure);
      log.fatal({ code, why, hint: errors[code].hint }, errors[code].says);
    },
  };
}

const isUnreachable = (fields: object): boolean => "code" in fields && fields.code === "LOG_UNREACHABLE";
