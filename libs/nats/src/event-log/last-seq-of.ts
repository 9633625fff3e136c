import { streams } from "@shoal/proto";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { ask, patienceMs, shortPause } from "../connection/server-request.ts";
import { status } from "../connection/status.ts";
import { lastOnSubject } from "../stream/stored-message.ts";

/** The position of a subject's last message; undefined when the server did not reply. */
type LastSeq = { readonly seq: number } | { readonly seq: undefined; readonly why: string };

/** The position of the last message of a subject of the log (wildcards allowed), never stale; 0 when there is none. Throws Fault LOG_UNREACHABLE. */
export async function lastSeqOf(link: NatsSession, subject: string): Promise<number> {
  for (const untilAt = link.clock.now() + patienceMs; ; ) {
    // A single server is the leader. It answers a direct get at two thirds of the cost of a request to the leader (measured).
    const last = link.nc.info?.cluster === undefined ? await direct(link, subject) : await fromLeader(link, subject);
    if (last.seq !== undefined) return last.seq;
    if (link.clock.now() >= untilAt || link.nc.isClosed()) throw unreachable(`reading the end of ${subject}`, last.why);
    await shortPause(link);
  }
}

async function fromLeader(link: NatsSession, subject: string): Promise<LastSeq> {
  const lookup = await lastOnSubject(link, streams.events, subject);
  if (lookup.state === "unknown") return { seq: undefined, why: lookup.why };
  return { seq: lookup.state === "none" ? 0 : lookup.message.seq };
}

async function direct(link: NatsSession, subject: string): Promise<LastSeq> {
  const text = JSON.stringify({ last_by_subj: subject });
  const answer = await ask(link, { subject: `$JS.API.DIRECT.GET.${streams.events}`, text });
  if (typeof answer === "string") return { seq: undefined, why: answer };
  const { headers } = answer;
  const seq = Number(headers?.get("Nats-Sequence") || Number.NaN);
  if (Number.isInteger(seq)) return { seq };
  if (headers?.code === status.noMessage) return { seq: 0 };
  return { seq: undefined, why: headers?.status ?? "the server's answer cannot be read" };
}
