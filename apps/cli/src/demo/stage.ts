import type { Client } from "@shoal/client";
import type { Devstack } from "../devstack/start-devstack.ts";
import type { FeedWatch } from "./feed-watch.ts";
import type { Narrator } from "./narrator.ts";

/** What every step of the story gets to work with. */
export interface Stage {
  readonly cluster: Devstack;
  /** A client of all requesters: it goes on when one of them dies. */
  readonly client: Client;
  readonly watch: FeedWatch;
  readonly narrator: Narrator;
  /** The text whose words are counted. */
  readonly textFile: string;
  /** For what a step wants to write; removed at the end. */
  readonly folder: string;
  /** Does this when the cluster has been stopped, however the story ends. */
  readonly atEnd: (tidy: () => Promise<void>) => void;
  /** Fires when the story is to end early. */
  readonly signal: AbortSignal;
}
