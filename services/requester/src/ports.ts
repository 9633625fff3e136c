import type {
  Chance,
  Checkpoints,
  Clock,
  EventLog,
  Feed,
  Leases,
  LogReader,
  Market,
  ReportQueue,
  ViewStore,
} from "@shoal/core";
import type { Catalog } from "./catalog/catalog.ts";

/** Everything that a requester touches outside of itself. */
export interface RequesterPorts {
  readonly log: EventLog;
  /** One for each bucket that this service projects into or reads. */
  readonly views: Readonly<Record<"jobs" | "executions" | "nodes" | "assignments", ViewStore>>;
  readonly leases: Leases;
  readonly reports: ReportQueue;
  readonly checkpoints: Checkpoints;
  readonly market: Market;
  readonly feed: Feed;
  readonly logs: LogReader;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Where the service says what goes on; quiet in simulations. */
  readonly diary: Diary;
}

/** What an operator may want to read. */
export interface Diary {
  info(facts: object, sentence: string): void;
  warn(facts: object, sentence: string): void;
}
