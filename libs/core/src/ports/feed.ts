import type { StoredCommit } from "./event-log.ts";

/** Live announcements of what became true, as CloudEvents on core NATS. May be lost; nothing depends on it. */
export interface Feed {
  announce(stored: StoredCommit): void;
}
