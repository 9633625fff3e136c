import { hostname } from "node:os";
import { causeOf } from "@shoal/core";
import { errors } from "@shoal/proto";
import { pino } from "pino";
import type { Notes } from "./notes.ts";

const stderr = 2;

/** A logger that also writes the line with which a process ends that cannot go on. */
export interface ServiceLog extends Notes {
  /** From now on every line names this node. */
  identify(nodeId: string): void;
  /** One line at level 60 with the failure's code, sentence and hint. */
  fatal(failure: unknown): void;
}

/**
 * Lines of JSON on stderr: stdout belongs to whoever starts us. Each line has `nodeId`, `pid` and `hostname`; a requester's have
 * `requesterId` in place of the first (services/requester/src/pino-diary.ts).
 */
export function openNotes(level: string): ServiceLog {
  let who: { readonly nodeId?: string } = {};
  const base = { pid: process.pid, hostname: hostname() };
  const options = { name: "shoal-compute", level, base, mixin: () => ({ ...who }) };
  const log = pino(options, pino.destination({ dest: stderr, sync: true }));
  return {
    info: (what, facts = {}) => log.info(facts, what),
    // What fails while the log is away is repeated; the connection itself warns when that lasts.
    warn: (what, facts = {}) => log[facts["code"] === "LOG_UNREACHABLE" ? "info" : "warn"](facts, what),
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
