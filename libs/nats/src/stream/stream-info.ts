import { Fault } from "@shoal/core";
import { z } from "zod";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { askPatiently } from "../connection/server-request.ts";

const StreamState = z.object({ state: z.object({ last_seq: z.number() }) });

/** The last position of a stream, from its leader; 0 when it is empty. Throws Fault LOG_UNREACHABLE. */
export async function streamLastSeq(session: NatsSession, stream: string): Promise<number> {
  const what = `reading the end of stream ${stream}`;
  const answer = await askPatiently(session, what, { subject: `$JS.API.STREAM.INFO.${stream}`, body: {} });
  const info = StreamState.safeParse(answer.state === "ok" ? answer.body : undefined);
  if (!info.success) throw unreachable(what, answer.state === "error" ? answer.why : "the stream does not exist");
  return info.data.state.last_seq;
}

const Info = z.object({ config: z.record(z.string(), z.unknown()) });

/** A stream's configuration on the server; undefined when the stream does not exist. */
export async function streamInfo(
  session: NatsSession,
  stream: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const what = `reading the configuration of stream ${stream}`;
  const answer = await askPatiently(session, what, { subject: `$JS.API.STREAM.INFO.${stream}`, body: {} });
  if (answer.state === "none") return undefined;
  if (answer.state === "error") throw new Fault("LOG_UNSUITABLE", `${what}: ${answer.why}`);
  return Info.parse(answer.body).config;
}

const SubjectPage = z.object({
  total: z.number().default(0),
  state: z.object({ subjects: z.record(z.string(), z.number()).nullish() }),
});

/**
 * The subjects of a stream with messages that match the filter, from the stream's leader. The server sorts them and sends up to 100,000
 * at a time; one that appears in between moves the others back, so none is omitted while none is removed. Throws Fault LOG_UNREACHABLE.
 */
export async function subjectsOfStream(
  session: NatsSession,
  stream: string,
  filter: string,
): Promise<readonly string[]> {
  const what = `listing the subjects of stream ${stream}`;
  const found = new Set<string>();
  for (let offset = 0; ; ) {
    const body = { subjects_filter: filter, offset };
    const answer = await askPatiently(session, what, { subject: `$JS.API.STREAM.INFO.${stream}`, body });
    const page = SubjectPage.safeParse(answer.state === "ok" ? answer.body : undefined);
    if (!page.success) throw unreachable(what, answer.state === "error" ? answer.why : "the stream does not exist");
    const names = Object.keys(page.data.state.subjects ?? {});
    for (const name of names) found.add(name);
    offset += names.length;
    if (names.length === 0 || offset >= page.data.total) return [...found];
  }
}
