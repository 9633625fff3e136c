import type { Client, FeedEvent } from "@shoal/client";
import type { DemoCluster } from "./demo-cluster.ts";
import type { Reporter } from "./reporter.ts";

/** The events that the feed has delivered so far. */
export interface FeedWatch {
  /** The events of a job so far, in order. */
  of(jobId: string): readonly FeedEvent[];
  /** Resolves with the job's events once `enough` holds for them. Throws DemoFailure after 45 s. */
  until(jobId: string, enough: (events: readonly FeedEvent[]) => boolean, what: string): Promise<readonly FeedEvent[]>;
}

/** What every step of the demo receives. */
export interface DemoContext {
  readonly cluster: DemoCluster;
  /** A client of all requesters; fails over when one of them dies. */
  readonly client: Client;
  readonly watch: FeedWatch;
  readonly reporter: Reporter;
  /** The file whose words are counted. */
  readonly textFile: string;
  /** The folder for files of the steps; removed at the end. */
  readonly folder: string;
  /** Registers a clean-up, run once the cluster has stopped, whatever the outcome. */
  readonly atEnd: (tidy: () => Promise<void>) => void;
  /** Fires when the demo is interrupted. */
  readonly signal: AbortSignal;
}
