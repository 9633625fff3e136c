import { isCommit, kinds, type StoredCommit } from "@shoal/core";
import { messageReader } from "@shoal/nats";
import type { LogMessage } from "./judge.ts";

const read = messageReader(kinds);

/** The commit that a message is; a sentence that says what is wrong when it is none. */
export function commitOf(message: LogMessage): StoredCommit | string {
  const found = read(message);
  return isCommit(found) ? found : found.why;
}
