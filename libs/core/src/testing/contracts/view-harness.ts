import type { ViewStore } from "../../ports/view-store.ts";

/** A bucket under test, empty at first; `reopened` is the same bucket as another process opens it. */
export interface ViewHarness {
  readonly views: ViewStore;
  reopened(): ViewStore;
  /** Removes a key without a marker, as a purge of the bucket's stream does. */
  purge(key: string): Promise<void>;
  /** Deletes the bucket and creates it again, empty. */
  drop(): Promise<void>;
  close?(): Promise<void>;
}
