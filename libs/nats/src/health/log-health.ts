import { z } from "zod";
import type { NatsSession } from "../connection/nats-session.ts";
import { askServer, type ServerAnswer } from "../connection/server-request.ts";
import type { PlaceRecord } from "../connection/write-record.ts";

/** How the NATS server looks from here. */
export interface LogHealth {
  readonly connected: boolean;
  /** The server of the connection, as host:port. */
  readonly server: string;
  /** When JetStream last answered about the stream, milliseconds since the epoch by this process's clock. */
  readonly answeredAt: number | undefined;
  /** Why the last question was not answered; undefined when it was. */
  readonly problem: string | undefined;
  /** Writes by place, among them those that fail. */
  readonly writes: readonly PlaceRecord[];
  /** Bytes that the stream takes on the server's disk. */
  readonly storedBytes: number | undefined;
  readonly clock: ClockOffset | undefined;
}

/** How far this process's clock is ahead of the server's; negative when it is behind. */
export interface ClockOffset {
  readonly offsetMs: number;
  /** The true offset is at most this far away: half of the round trip. */
  readonly boundMs: number;
}

/** Watches one stream of the server by asking for it. */
export interface LogHealthWatch {
  start(): void;
  stop(): void;
  now(): LogHealth;
}

/** Times of the watch, in milliseconds. */
export const healthTimes = {
  /** Between two questions: three fall into the 10 s within which an answer counts. */
  everyMs: 3_000,
  /** A question is given up then, before the next one. */
  withinMs: 2_500,
} as const;

const StreamState = z.object({ ts: z.string().optional(), state: z.object({ bytes: z.number() }) });

/** A watch over `stream`; a stream that is not there is an answer too. It asks nothing before its start. */
export function createLogHealthWatch(link: NatsSession, stream: string): LogHealthWatch {
  let latest: Pick<LogHealth, "answeredAt" | "problem" | "storedBytes" | "clock"> = unknown;
  let cancel = () => {};
  let isRunning = false;

  async function ask(): Promise<void> {
    const sentAt = link.clock.now();
    const question = { subject: `$JS.API.STREAM.INFO.${stream}`, body: {}, withinMs: healthTimes.withinMs };
    const answer = link.isUp() ? await askServer(link, question) : notConnected;
    const heardAt = link.clock.now();
    const why = problemIn(answer);
    if (why !== undefined) latest = { ...latest, problem: why };
    else latest = { ...latest, ...factsIn(answer, sentAt, heardAt), answeredAt: heardAt, problem: undefined };
    if (isRunning) cancel = link.clock.at(link.clock.now() + healthTimes.everyMs, () => void ask());
  }
  return {
    start() {
      isRunning = true;
      void ask();
    },
    stop() {
      isRunning = false;
      cancel();
    },
    now: () => ({
      connected: link.isUp(),
      server: link.nc.isClosed() ? "" : link.nc.getServer(),
      writes: link.publisher.writes(),
      ...latest,
    }),
  };
}

const unknown = { answeredAt: undefined, problem: "not asked yet", storedBytes: undefined, clock: undefined };
const notConnected: ServerAnswer = { state: "unknown", why: "there is no connection" };

function problemIn(answer: ServerAnswer): string | undefined {
  return answer.state === "unknown" || answer.state === "error" ? answer.why : undefined;
}

function factsIn(answer: ServerAnswer, sentAt: number, heardAt: number): Partial<LogHealth> {
  if (answer.state !== "ok") return {};
  const read = StreamState.safeParse(answer.body);
  if (!read.success) return {};
  const { ts, state } = read.data;
  const serverAt = ts === undefined ? Number.NaN : Date.parse(ts);
  // A clock that was set between question and answer makes the round trip negative: the next one measures.
  if (!Number.isFinite(serverAt) || heardAt < sentAt) return { storedBytes: state.bytes };
  return { storedBytes: state.bytes, clock: offsetOf(serverAt, sentAt, heardAt) };
}

/** The server read its clock at some moment between question and answer. */
export function offsetOf(serverAt: number, sentAt: number, heardAt: number): ClockOffset {
  return { offsetMs: Math.round((sentAt + heardAt) / 2 - serverAt), boundMs: Math.ceil((heardAt - sentAt) / 2) };
}
