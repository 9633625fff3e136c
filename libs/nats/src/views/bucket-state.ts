import { z } from "zod";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { askPatiently } from "../connection/server-request.ts";
import { streamOfBucket, subjectOfKey } from "./bucket.ts";

/** A bucket as its leader has it. */
export interface BucketState {
  /** When it was created, as the server writes it: a bucket that was deleted and created again has another one. */
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

/** Throws Fault LOG_UNREACHABLE, also when there is no such bucket. */
export async function bucketState(link: NatsSession, bucket: string): Promise<BucketState> {
  const { created, state } = await info(link, bucket, {});
  return { bucketId: created, lastRevision: state.last_seq, messages: state.messages };
}

/** How many messages a bucket has under keys that match the pattern: for few keys. Throws Fault LOG_UNREACHABLE. */
export async function messagesUnder(link: NatsSession, bucket: string, pattern: string): Promise<number> {
  const { state } = await info(link, bucket, { subjects_filter: subjectOfKey(bucket, pattern) });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

async function info(link: NatsSession, bucket: string, body: object): Promise<z.output<typeof Info>> {
  const what = `asking about bucket ${bucket}`;
  const answer = await askPatiently(link, what, { subject: `$JS.API.STREAM.INFO.${streamOfBucket(bucket)}`, body });
  const read = Info.safeParse(answer.state === "ok" ? answer.body : undefined);
  if (!read.success) throw unreachable(what, answer.state === "error" ? answer.why : "there is no such bucket");
  return read.data;
}
