import type { Devstack } from "@shoal/cli/parts";
import type { Client, FeedEvent } from "@shoal/client";
import type { Reporter } from "./reporter.ts";

/** Everything that the feed has delivered and still delivers. */
export interface FeedWatch {
  /** The events of a job so far, in order. */
  of(jobId: string): readonly FeedEvent[];
  /** Resolves with the job's events as soon as they are enough. Throws DemoFailure when that takes longer than waitMs. */
  until(jobId: string, enough: (events: readonly FeedEvent[]) => boolean, what: string): Promise<readonly FeedEvent[]>;
}

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
