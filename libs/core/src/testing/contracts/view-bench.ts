import type { ViewStore } from "../../ports/view-store.ts";

/** One bucket to try, empty at first; `again` opens the same bucket as another process would. */
export interface ViewHarness {
  readonly views: ViewStore;
  again(): ViewStore;
  /** Takes a key away without a marker, as a purge of the bucket's stream does. */
  purge(key: string): Promise<void>;
  /** Deletes the bucket and creates it again, empty. */
  drop(): Promise<void>;
  close?(): Promise<void>;
}
