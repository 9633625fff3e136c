import { pino } from "pino";
import type { Diary } from "./ports.ts";

const stderr = 2;

/** A diary as lines of JSON on stderr: stdout belongs to whoever starts us. */
export function openDiary(level: string, requesterId: string): Diary {
  const log = pino(
    { name: "shoal-requester", level, base: { requesterId } },
    pino.destination({ dest: stderr, sync: false }),
  );
  return {
    info: (facts, sentence) => log.info(facts, sentence),
    warn: (facts, sentence) => log.warn(facts, sentence),
  };
}
