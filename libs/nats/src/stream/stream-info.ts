import { Fault } from "@shoal/core";
import { z } from "zod";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { askPatiently } from "../connection/server-request.ts";

const StreamState = z.object({ state: z.object({ last_seq: z.number() }) });

/** The last position of a stream, from its leader; 0 when it is empty. Throws Fault LOG_UNREACHABLE. */
export async function streamLastSeq(link: NatsSession, stream: string): Promise<number> {
  const what = `reading the end of stream ${stream}`;
  const answer = await askPatiently(link, what, { subject: `$JS.API.STREAM.INFO.${stream}`, body: {} });
  const info = StreamState.safeParse(answer.state === "ok" ? answer.body : undefined);
  if (!info.success) throw unreachable(what, answer.state === "error" ? answer.why : "the stream does not exist");
  return info.data.state.last_seq;
}

const Info = z.object({ config: z.record(z.string(), z.unknown()) });

/** A stream's configuration on the server; undefined when the stream does not exist. */
export async function streamInfo(
  link: NatsSession,
  stream: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const what = `reading the configuration of stream ${stream}`;
  const answer = await askPatiently(link, what, { subject: `$JS.API.STREAM.INFO.${stream}`, body: {} });
  if (answer.state === "none") return undefined;
  if (answer.state === "error") throw new Fault("LOG_UNSUITABLE", `${what}: ${answer.why}`);
  return Info.parse(answer.body).config;
}
