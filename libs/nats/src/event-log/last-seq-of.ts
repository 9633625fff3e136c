import { streams } from "@shoal/proto";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { ask, patienceMs, shortPause } from "../connection/server-request.ts";
import { status } from "../connection/status.ts";
import { lastOnSubject } from "../stream/stored-message.ts";

/** The position of a subject's last message; undefined when the server did not reply. */
type LastSeq = { readonly seq: number } | { readonly seq: undefined; readonly why: string };

/** The position of the last message of a subject of the log (wildcards allowed), never stale; 0 when there is none. Throws Fault LOG_UNREACHABLE. */
export async function lastSeqOf(session: NatsSession, subject: string): Promise<number> {
  for (const untilAt = session.clock.now() + patienceMs; ; ) {
    // A single server is the leader. It answers a direct get at two thirds of the cost of a request to the leader (measured).
    const last =
      session.nc.info?.cluster === undefined ? await direct(session, subject) : await fromLeader(session, subject);
    if (last.seq !== undefined) return last.seq;
    if (session.clock.now() >= untilAt || session.nc.isClosed())
      throw unreachable(`reading the end of ${subject}`, last.why);
    await shortPause(session);
  }
}

async function fromLeader(session: NatsSession, subject: string): Promise<LastSeq> {
  const lookup = await lastOnSubject(session, streams.events, subject);
  if (lookup.state === "unknown") return { seq: undefined, why: lookup.why };
  return { seq: lookup.state === "none" ? 0 : lookup.message.seq };
}

async function direct(session: NatsSession, subject: string): Promise<LastSeq> {
  const text = JSON.stringify({ last_by_subj: subject });
  const answer = await ask(session, { subject: `$JS.API.DIRECT.GET.${streams.events}`, text });
  if (typeof answer === "string") return { seq: undefined, why: answer };
  const { headers } = answer;
  const seq = Number(headers?.get("Nats-Sequence") || Number.NaN);
  if (Number.isInteger(seq)) return { seq };
  if (headers?.code === status.noMessage) return { seq: 0 };
  return { seq: undefined, why: headers?.status ?? "the server's answer cannot be read" };
}
