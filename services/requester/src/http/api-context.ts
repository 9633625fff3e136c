import type { Clock, EventLog, Logger, LogReader, Positions, Random, ViewStore } from "@shoal/core";
import type { Catalog } from "../catalog/catalog.ts";
import type { Commands } from "../commands/commands.ts";
import type { RequesterHealth } from "../health/requester-health.ts";
import type { ClusterControl } from "../reads/cluster.ts";
import type { NodeList } from "../reads/node-list.ts";
import type { PositionGate } from "../reads/position-gate.ts";
import type { ResultStore } from "../results/result-store.ts";
import type { Secrets } from "../secrets/secrets.ts";
import type { Admission } from "./admission.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { LiveEvents } from "./feed/live-events.ts";
import type { StreamLimit } from "./stream-limit.ts";

/** Results that nodes published through the object store. */
export interface ResultReader {
  /**
   * A node's object; undefined when it has none of this name. The bytes are streamed; a broken object throws during the
   * read.
   */
  open(nodeId: string, object: string): Promise<OpenResult | undefined>;
}

export interface OpenResult {
  readonly sizeBytes: number;
  readonly bytes: ReadableStream<Uint8Array>;
}

/** What the API needs of the service around it. */
export interface ApiParts {
  readonly requesterId: string;
  /** The address by which clients reach the API; empty means the Host of their request. */
  readonly publicUrl: string;
  readonly commands: Commands;
  readonly secrets: Secrets;
  readonly catalog: Catalog;
  readonly nodes: NodeList;
  readonly cluster: ClusterControl;
  readonly log: EventLog;
  readonly views: { readonly jobs: Pick<ViewStore, "get"> };
  readonly viewPositions: Pick<Positions, "load">;
  readonly logs: LogReader;
  readonly results: ResultReader;
  /** Stores whose results clients get in another form than the node reported, by type. */
  readonly resultStores: ReadonlyMap<string, ResultStore>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly health: RequesterHealth;
  /** The secret of this requester's challenges and tokens. */
  readonly secret: string;
}

/** The context of the route handlers. */
export interface ApiContext extends ApiParts {
  readonly admission: Admission;
  readonly positions: PositionGate;
  /** Open event feeds. */
  readonly feeds: StreamLimit;
  /** The consumer that the feeds share. */
  readonly live: LiveEvents;
  /** Open streams of output. */
  readonly logStreams: StreamLimit;
  /** The bytes that log streams hold for their readers. */
  readonly logBytes: ByteBudget;
}
