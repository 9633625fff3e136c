import type { StoredCommit } from "../../ports/event-log.ts";
import type { Feed } from "../../ports/feed.ts";
import type { Berth } from "./berth.ts";

/** The feed as one process reaches it; `heard` is what a subscriber would have got. */
export function memoryFeed(berth: Berth, heard: (stored: StoredCommit) => void): Feed {
  return { announce: (stored) => berth.tell("feed", () => heard(stored)) };
}
