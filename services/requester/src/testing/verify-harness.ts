import {
  kinds as allKinds,
  type EventLog,
  type Kinds,
  noStreamPosition,
  type StoredCommit,
  type UnreadableCommit,
  type ViewEntry,
} from "@shoal/core";
import { createSimulatedCluster, drive, type SimulatedCluster } from "@shoal/core/testing";
import type { KnownPosition } from "@shoal/nats";
import { type AggregateRef, aggregateOf, commitVersion, type StoredEvent, subjectOf } from "@shoal/proto";
import { expectedEntries } from "../verify/expected-entries.ts";
import { foldNext, notFolded } from "../verify/folded.ts";
import type { LogMessage } from "../verify/log-walk.ts";
import type { StoredViews, Stores } from "../verify/stored-views.ts";
import type { VerifyParts } from "../verify/view-verifier.ts";

/** A message of the log that no requester wrote in this form. */
export interface StrayMessage {
  readonly subject: string;
  readonly text: string;
  readonly isAppended: boolean;
}

/** A log and views in memory, for verifications and rebuilds. */
export interface VerifyHarness {
  readonly sim: SimulatedCluster;
  readonly ports: ReturnType<SimulatedCluster["requester"]>;
  readonly stores: Stores;
  /** Stored bytes that differ from the encoding of their entry, by key. */
  readonly forged: Map<string, Uint8Array>;
  /** The end of the log according to a position. */
  known: KnownPosition;
  append(aggregate: AggregateRef, ...events: readonly StoredEvent[]): Promise<StoredCommit>;
  /** Writes an aggregate's views as an owner does, and removes the entries that it had before. */
  project(aggregate: AggregateRef): Promise<void>;
  /** The content of a bucket, byte for byte. */
  stored(bucket: string): Readonly<Record<string, string>>;
  /** `change` changes the log; `behind` comes after its last message. */
  parts(change?: Change, behind?: readonly StrayMessage[]): VerifyParts;
  close(): void;
}

/** A change of the log's commits. */
export type Change = (stored: readonly StoredCommit[]) => readonly StoredCommit[];

const encode = (data: ViewEntry | StoredCommit): Uint8Array => Buffer.from(JSON.stringify(data));
const decode = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());

/** Creates an empty log, with a bucket for each view of the kinds. */
export function createVerifyHarness(kinds: Kinds = allKinds): VerifyHarness {
  const sim = createSimulatedCluster({ seed: "verify", kinds });
  const driving = drive(sim.clock);
  const ports = sim.requester("reader");
  const { log, views: stores } = ports;
  const bucketOf = (name: string) => sim.views[name] ?? sim.views.jobs;
  const forged = new Map<string, Uint8Array>();
  const harness: VerifyHarness = {
    sim,
    ports,
    stores,
    forged,
    known: { seq: 0, by: "a position" },
    append: (aggregate, ...events) => append(log, { aggregate, events, at: sim.clock.now() }),
    project: (aggregate) => project({ log, kinds, stores }, aggregate),
    stored(bucket) {
      const entries = [...bucketOf(bucket).saved].map(([key, { json }]) => [key, json ?? ""] as const);
      return Object.fromEntries(entries.filter(([, json]) => json !== "").sort());
    },
    parts: (change = (all) => all, behind = []) => ({
      log: alteredLog(log, change),
      kinds,
      readLog: (deliver) => deliverAll(log, { change, behind, deliver }),
      read,
      views: viewsOf(bucketOf, forged),
      stores,
      known: async () => harness.known,
      clock: sim.clock,
    }),
    close: () => driving.stop(),
  };
  return harness;
}

interface Appended {
  readonly aggregate: AggregateRef;
  readonly events: readonly StoredEvent[];
  readonly at: number;
}

async function append(log: EventLog, { aggregate, events, at }: Appended): Promise<StoredCommit> {
  const head = (await log.load(aggregate)).at(-1) ?? noStreamPosition;
  const commit = {
    v: commitVersion,
    id: `c-${await log.lastSeq()}`,
    at,
    by: "r",
    actor: { type: "requester", id: "r" },
    cause: { command: "test" },
    epoch: 0,
    prev: head.hash,
    events,
  } as const;
  return { aggregate, ...(await log.append(aggregate, head, commit)), commit };
}

type Projected = Pick<VerifyParts, "kinds" | "stores"> & { readonly log: EventLog };

async function project({ log, kinds, stores }: Projected, aggregate: AggregateRef): Promise<void> {
  let folded = notFolded(kinds, aggregate);
  const before = new Map<string, { bucket: string; key: string }>();
  const buckets = new Set(Object.keys(stores));
  for (const stored of await log.load(aggregate)) {
    for (const { bucket, key } of expectedEntries(folded, buckets)) before.set(`${bucket} ${key}`, { bucket, key });
    folded = foldNext(folded, stored);
  }
  for (const { bucket, key, entry } of expectedEntries(folded, buckets)) {
    before.delete(`${bucket} ${key}`);
    await stores[bucket]?.put(key, entry);
  }
  for (const { bucket, key } of before.values()) await stores[bucket]?.remove(key, folded.aggregate.head.seq);
}

interface Delivery {
  readonly change: Change;
  readonly behind: readonly StrayMessage[];
  readonly deliver: (message: LogMessage) => void;
}

async function deliverAll(log: EventLog, { change, behind, deliver }: Delivery): Promise<number> {
  const all: StoredCommit[] = [];
  const upTo = await log.scan(0, (stored) => all.push(stored));
  for (const message of messagesOf(all, change(all), upTo)) deliver(message);
  for (const [index, { subject, text, isAppended }] of behind.entries())
    deliver({ subject, seq: upTo + 1 + index, bytes: Buffer.from(text), isAppended: () => isAppended });
  return upTo + behind.length;
}

/** A log that delivers its commits in another form than the stored one. */
function alteredLog(log: EventLog, change: Change): EventLog {
  return { ...log, load: async (aggregate, afterSeq) => change(await log.load(aggregate, afterSeq)) };
}

/** The log in memory leaves out positions; in a stream each has a message. */
function* messagesOf(
  all: readonly StoredCommit[],
  changed: readonly StoredCommit[],
  upTo: number,
): Iterable<LogMessage> {
  const stored = new Set(all.map(({ seq }) => seq));
  const bySeq = new Map(changed.map((each) => [each.seq, each]));
  for (let seq = 1; seq <= upTo; seq++) {
    const commit = bySeq.get(seq);
    if (commit !== undefined)
      yield { subject: subjectOf(commit.aggregate), seq, bytes: encode(commit), isAppended: () => true };
    else if (!stored.has(seq)) yield { subject: "other", seq, bytes: new Uint8Array(), isAppended: () => false };
  }
}

/** A commit as the harness writes it, or the reason why it cannot be read. */
function read({ subject, seq, bytes }: LogMessage): StoredCommit | UnreadableCommit {
  const text = Buffer.from(bytes).toString();
  if (text.startsWith("{")) return { ...JSON.parse(text), seq };
  const aggregate = aggregateOf(subject) ?? { kind: "", namespace: "", id: subject };
  return { aggregate, seq, code: text === "newer" ? "LOG_NEWER" : "LOG_DAMAGED", why: text };
}

function viewsOf(
  bucketOf: (name: string) => SimulatedCluster["views"]["jobs"],
  forged: ReadonlyMap<string, Uint8Array>,
): StoredViews {
  return {
    async read(bucket, reader) {
      reader.begins();
      for (const [key, { json }] of bucketOf(bucket).saved)
        reader.deliver(key, json === undefined ? undefined : (forged.get(key) ?? Buffer.from(json)));
    },
    encode,
    decode,
  };
}
