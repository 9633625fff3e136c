import { Fault, type Positions } from "@shoal/core";

/** One shard's part of one bucket. */
export interface Slice {
  readonly bucket: string;
  readonly shard: number;
}

/** The positions of slices at the start of a rebuild. */
export interface Claims {
  /**
   * Writes where the log ended when the rebuild began, for every slice without a position. Throws Fault
   * REVISION_CONFLICT when a bucket was deleted meanwhile: the entries written to it are gone.
   */
  finish(eventsSeq: number): Promise<void>;
}

/** The slice is being rebuilt: a process that finds this after a crash starts over. */
const nothingWritten = { eventsSeq: 0, reportsSeq: 0, isRebuilding: true } as const;

/** Marks each slice without a position as being rebuilt. Throws Fault LOG_UNREACHABLE. */
export async function claimPositions(positions: Positions, slices: readonly Slice[]): Promise<Claims> {
  const claims = await Promise.all(slices.map(async (slice) => ({ slice, ...(await claim(positions, slice)) })));
  return {
    async finish(eventsSeq) {
      for (const { slice, revision, isOurs } of claims) await finish(positions, slice, { revision, isOurs, eventsSeq });
    },
  };
}

interface PositionClaim {
  readonly revision: number;
  /** Neither the owner nor another rebuild has written the slice's position. */
  readonly isOurs: boolean;
}

async function claim(positions: Positions, { bucket, shard }: Slice): Promise<PositionClaim> {
  const saved = (await positions.load(bucket, shard)) ?? (await begin(positions, { bucket, shard }));
  return { revision: saved.revision, isOurs: saved.isRebuilding === true };
}

async function begin(positions: Positions, { bucket, shard }: Slice) {
  const revision = await unlessWritten(positions.save(bucket, shard, { ...nothingWritten, revision: 0 }));
  if (revision !== undefined) return { ...nothingWritten, revision };
  const theirs = await positions.load(bucket, shard);
  if (theirs !== undefined) return theirs;
  throw deleted(bucket);
}

async function finish(
  positions: Positions,
  { bucket, shard }: Slice,
  { revision, isOurs, eventsSeq }: PositionClaim & { readonly eventsSeq: number },
): Promise<void> {
  if (isOurs) {
    const saved = await unlessWritten(positions.save(bucket, shard, { eventsSeq, reportsSeq: 0, revision }));
    if (saved !== undefined) return;
  }
  // Its owner, or another rebuild, has written its position: revisions grow as long as the bucket exists.
  const now = await positions.load(bucket, shard);
  if (now === undefined || now.revision < revision) throw deleted(bucket);
}

const deleted = (bucket: string): Fault =>
  new Fault("REVISION_CONFLICT", `bucket ${bucket} was deleted while it was being rebuilt; rebuild it again`);

async function unlessWritten(saving: Promise<number>): Promise<number | undefined> {
  try {
    return await saving;
  } catch (failure) {
    if (failure instanceof Fault && failure.code === "REVISION_CONFLICT") return undefined;
    throw failure;
  }
}
