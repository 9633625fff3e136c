import { type BucketPosition, isEntryKey, type ViewFollower, type ViewFollowing } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import { shortPause } from "../connection/server-request.ts";
import type { DeliveredMessage } from "../stream/read-message.ts";
import { type Reading, readStream } from "../stream/reading.ts";
import { keyOfSubject, positionKey, storedValueOf, streamOfBucket, subjectOfKey } from "./bucket.ts";
import { type BucketState, bucketState, messagesUnder } from "./bucket-state.ts";
import { type DeliveredRevisions, deliveredRevisions } from "./delivered-revisions.ts";

// Messages requested ahead: few enough to be processed within milliseconds, so that other traffic of the connection does not wait
// longer. With 256 entries of 1.5 KB a first read is as fast as with 1,000 (measured).
const batch = 256;

const pattern = ">";

/** See ViewStore.follow. */
export async function followBucket(
  session: NatsSession,
  place: { readonly bucket: string; readonly after: BucketPosition | undefined },
  follower: ViewFollower,
): Promise<ViewFollowing> {
  const following = new BucketFollowing(session, place.bucket, follower);
  await following.open(place.after);
  return following;
}

/** Reads a bucket after a revision. At the end of the reading it verifies that the bucket is still the same. */
class BucketFollowing implements ViewFollowing {
  readonly #session: NatsSession;
  readonly #bucket: string;
  readonly #follower: ViewFollower;
  readonly #delivered: DeliveredRevisions;
  #bucketId = "";
  #reading: Promise<Reading> | undefined;
  /** Grows with every start: deliveries of an earlier reading are ignored. */
  #turn = 0;
  #isClosed = false;

  constructor(session: NatsSession, bucket: string, follower: ViewFollower) {
    this.#session = session;
    this.#bucket = bucket;
    this.#follower = follower;
    this.#delivered = deliveredRevisions(session, { bucket, pattern });
  }

  async open(after: BucketPosition | undefined): Promise<void> {
    const state = await bucketState(this.#session, this.#bucket);
    const known = after !== undefined && isStill(state, after) ? after.revision : undefined;
    await this.#begin(state.bucketId, known);
  }

  caughtUp(): Promise<void> {
    return this.#delivered.caughtUp();
  }

  async size(): Promise<number> {
    const [all, own] = await Promise.all([
      bucketState(this.#session, this.#bucket),
      messagesUnder(this.#session, this.#bucket, positionKey("*")),
    ]);
    return all.messages - own;
  }

  beginAgain(): void {
    this.#restart(this.#bucketId, undefined);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#delivered.close();
    await closed(this.#reading);
  }

  /** Reads after a revision, or without one from the beginning. */
  async #begin(bucketId: string, revision: number | undefined): Promise<void> {
    const turn = ++this.#turn;
    const isCurrent = () => this.#turn === turn && !this.#isClosed;
    this.#bucketId = bucketId;
    this.#delivered.reset();
    this.#delivered.advance(revision ?? 0);
    if (revision === undefined) this.#follower.begins(bucketId);
    this.#reading = readStream(this.#session, {
      stream: streamOfBucket(this.#bucket),
      filter: subjectOfKey(this.#bucket, pattern),
      from: { at: "behind", seq: revision ?? 0 },
      batch,
      deliver: (message) => (isCurrent() ? this.#deliver(message) : undefined),
      caughtUp: () => void this.#confirm(isCurrent),
      room: () => this.#follower.room?.(),
    });
    await this.#reading;
  }

  #deliver(message: DeliveredMessage): void {
    const { seq: revision } = message;
    const key = keyOfSubject(this.#bucket, message.subject);
    const saved = isEntryKey(key) ? storedValueOf(message) : undefined;
    if (saved !== undefined) this.#follower.changed(key, saved.value, revision);
    else if (isEntryKey(key))
      this.#session.onProblem(`bucket ${this.#bucket}: skipped ${key}, which cannot be read`, "warn");
    this.#delivered.advance(revision);
  }

  /**
   * A reading that continues after a revision does not detect that the bucket was deleted and recreated, or restored from an older
   * copy: the server then has no newer message.
   */
  async #confirm(isCurrent: () => boolean): Promise<void> {
    const revision = this.#delivered.upTo();
    try {
      const state = await bucketState(this.#session, this.#bucket);
      if (!isCurrent()) return;
      if (isStill(state, { bucketId: this.#bucketId, revision })) this.#follower.caughtUp();
      else this.#restart(state.bucketId, undefined);
    } catch (failure) {
      this.#session.onProblem(`following bucket ${this.#bucket}: ${String(failure)}`);
      await shortPause(this.#session);
      if (isCurrent()) this.#restart(this.#bucketId, this.#delivered.upTo());
    }
  }

  #restart(bucketId: string, revision: number | undefined): void {
    if (this.#isClosed || this.#session.nc.isClosed()) return;
    const before = this.#reading;
    // It retries for `patienceMs` before it fails, so that this loop does not spin.
    this.#begin(bucketId, revision).catch((failure: unknown) => {
      this.#session.onProblem(`following bucket ${this.#bucket}: ${String(failure)}`, "warn");
      this.#restart(bucketId, revision);
    });
    closed(before);
  }
}

/** Resolves once a reading is closed, even if it failed to begin. */
const closed = async (reading: Promise<Reading> | undefined): Promise<void> =>
  (await reading?.catch(() => undefined))?.close();

const isStill = (state: BucketState, { bucketId, revision }: BucketPosition): boolean =>
  state.bucketId === bucketId && state.lastRevision >= revision;
