import { pino } from "pino";
import type { Notes } from "./notes.ts";

const stderr = 2;

/** Notes as lines of JSON on stderr: stdout belongs to whoever starts us. */
export function openNotes(level: string): Notes {
  const log = pino({ name: "shoal-compute", level }, pino.destination({ dest: stderr, sync: true }));
  return {
    info: (what, facts = {}) => log.info(facts, what),
    warn: (what, facts = {}) => log.warn(facts, what),
  };
}
