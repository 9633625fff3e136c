import { z } from "zod";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { askPatiently } from "../connection/server-request.ts";
import { streamOfBucket, subjectOfKey } from "./bucket.ts";

/** The state of a bucket at its leader. */
export interface BucketState {
  /** The creation time in the server's format: a bucket that was deleted and recreated has another one. */
  readonly bucketId: string;
  readonly lastRevision: number;
  /** Entries, removal markers and the bucket's own keys. */
  readonly messages: number;
}

const Info = z.object({
  created: z.string(),
  state: z.object({
    last_seq: z.number(),
    messages: z.number(),
    subjects: z.record(z.string(), z.number()).nullish(),
  }),
});

/** Reads the state of a bucket. Throws Fault LOG_UNREACHABLE, also when the bucket does not exist. */
export async function bucketState(session: NatsSession, bucket: string): Promise<BucketState> {
  const { created, state } = await info(session, bucket, {});
  return { bucketId: created, lastRevision: state.last_seq, messages: state.messages };
}

/** The number of messages of a bucket under keys that match the pattern: for few keys. Throws Fault LOG_UNREACHABLE. */
export async function messagesUnder(session: NatsSession, bucket: string, pattern: string): Promise<number> {
  const { state } = await info(session, bucket, { subjects_filter: subjectOfKey(bucket, pattern) });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

async function info(session: NatsSession, bucket: string, body: object): Promise<z.output<typeof Info>> {
  const what = `reading the state of bucket ${bucket}`;
  const answer = await askPatiently(session, what, { subject: `$JS.API.STREAM.INFO.${streamOfBucket(bucket)}`, body });
  const read = Info.safeParse(answer.state === "ok" ? answer.body : undefined);
  if (!read.success) throw unreachable(what, answer.state === "error" ? answer.why : "the bucket does not exist");
  return read.data;
}
