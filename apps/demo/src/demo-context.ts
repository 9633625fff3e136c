import type { Devstack } from "@shoal/cli/parts";
import type { Client } from "@shoal/client";
import type { FeedWatch } from "./feed-watch.ts";
import type { Reporter } from "./reporter.ts";

/** What every step of the demonstration gets to work with. */
export interface DemoContext {
  readonly cluster: Devstack;
  /** A client of all requesters: it goes on when one of them dies. */
  readonly client: Client;
  readonly watch: FeedWatch;
  readonly reporter: Reporter;
  /** The text whose words are counted. */
  readonly textFile: string;
  /** For what a step wants to write; removed at the end. */
  readonly folder: string;
  /** Does this when the cluster has been stopped, however the demonstration ends. */
  readonly atEnd: (tidy: () => Promise<void>) => void;
  /** Fires when the demonstration is to end early. */
  readonly signal: AbortSignal;
}
