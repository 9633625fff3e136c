import { Bug } from "@shoal/core";
import { buckets, shardIn, shardOf } from "@shoal/proto";
import type { Suspect } from "./compare.ts";
import type { Judge, LogFindings, LogMessage, ViewFindings } from "./judge.ts";
import { mergeSampled } from "./sampled.ts";

const bySeq = (one: { readonly seq: number }, other: { readonly seq: number }) => one.seq - other.seq;

/** Several judges as one: each judges some of the shards, and an aggregate never leaves its shard. */
export class JudgePanel implements Judge {
  readonly #judges: readonly Judge[];

  constructor(judges: readonly Judge[]) {
    this.#judges = judges;
  }

  commit(message: LogMessage): void {
    this.#judgeOf(shardIn(message.subject)).commit(message);
  }

  async endOfLog(): Promise<LogFindings> {
    const found = await Promise.all(this.#judges.map((judge) => judge.endOfLog()));
    const sum = (field: keyof LogFindings["counts"]) => found.reduce((total, { counts }) => total + counts[field], 0);
    return {
      counts: { commits: sum("commits"), events: sum("events"), jobs: sum("jobs"), nodes: sum("nodes") },
      problems: mergeSampled(
        found.map(({ problems }) => problems),
        bySeq,
      ),
      foreign: mergeSampled(
        found.map(({ foreign }) => foreign),
        bySeq,
      ),
    };
  }

  begins(bucket: string): void {
    for (const judge of this.#judges) judge.begins(bucket);
  }

  kept(bucket: string, key: string, bytes: Uint8Array | undefined): void {
    const id = idIn(bucket, key);
    if (id !== undefined) this.#judgeOf(shardOf(id)).kept(bucket, key, bytes);
    else for (const judge of this.#judges) judge.kept(bucket, key, bytes);
  }

  async endOfViews(): Promise<ViewFindings> {
    const found = await Promise.all(this.#judges.map((judge) => judge.endOfViews()));
    const entries = Object.fromEntries(
      Object.keys(found[0]?.entries ?? {}).map((bucket) => {
        const counts = found.map((each) => each.entries[bucket] ?? 0);
        return [bucket, isShared(bucket) ? Math.max(...counts) : counts.reduce((total, count) => total + count, 0)];
      }),
    );
    return { entries, suspects: agreed(found.map(({ suspects }) => suspects)) };
  }

  room(): Promise<void> | undefined {
    const rooms = this.#judges.map((judge) => judge.room()).filter((room) => room !== undefined);
    return rooms.length === 0 ? undefined : Promise.all(rooms).then(() => undefined);
  }

  /** Whoever is first judges what names no shard. */
  #judgeOf(shard: number): Judge {
    const judge = this.#judges[shard % this.#judges.length] ?? this.#judges[0];
    if (judge === undefined) throw new Bug("a panel needs a judge");
    return judge;
  }
}

// An assignment's key names a node and an execution, and neither tells the job's shard: all judges hear of it.
const isShared = (bucket: string): boolean => bucket === buckets.assignments;

/** The id of the aggregate that an entry comes from, as its key says; undefined when it does not. */
function idIn(bucket: string, key: string): string | undefined {
  if (isShared(bucket)) return undefined;
  const [first = "", second = ""] = key.split(".");
  return bucket === buckets.jobs ? second : first;
}

/** The suspects of all judges. A shared entry that one of them wants is unexpected to the others only. */
function agreed(all: readonly (readonly Suspect[])[]): readonly Suspect[] {
  const strangers = new Map<string, number>();
  const isStranger = ({ bucket, why }: Suspect) => isShared(bucket) && why === "unexpected";
  for (const suspect of all.flat())
    if (isStranger(suspect)) strangers.set(suspect.key, (strangers.get(suspect.key) ?? 0) + 1);
  return all.flatMap((suspects, judge) =>
    suspects.filter((suspect) => !isStranger(suspect) || (judge === 0 && strangers.get(suspect.key) === all.length)),
  );
}
