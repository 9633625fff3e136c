import { z } from "zod";
import type { NatsSession } from "../connection/nats-session.ts";
import { askServer, type ServerAnswer } from "../connection/server-request.ts";
import type { PlaceRecord } from "../connection/write-record.ts";

/** The state of the NATS server as this process sees it. */
export interface LogHealth {
  readonly connected: boolean;
  /** The server of the connection, as host:port. */
  readonly server: string;
  /** When JetStream last answered a request for the stream's info, in milliseconds since the epoch by this process's clock. */
  readonly answeredAt: number | undefined;
  /** Why the last request was not answered; undefined when it was. */
  readonly problem: string | undefined;
  /** Writes by place, among them those that fail. */
  readonly writes: readonly PlaceRecord[];
  /** The stream's size on the server's disk, in bytes. */
  readonly storedBytes: number | undefined;
  readonly clock: ClockOffset | undefined;
}

/** How far this process's clock is ahead of the server's; negative when it is behind. */
export interface ClockOffset {
  readonly offsetMs: number;
  /** Error bound of the offset: half of the round trip. */
  readonly boundMs: number;
}

/** Watches one stream by requesting its info. */
export interface LogHealthWatch {
  start(): void;
  stop(): void;
  now(): LogHealth;
}

/** Times of the watch, in milliseconds. */
export const healthTimes = {
  /** Interval of the requests: three fall into the 10 s within which a reply counts. */
  everyMs: 3_000,
  /** Timeout of a request, below the interval. */
  withinMs: 2_500,
} as const;

const StreamState = z.object({ ts: z.string().optional(), state: z.object({ bytes: z.number() }) });

/** Creates a watch of `stream`; "no such stream" is a reply too. It sends no request before its start. */
export function createLogHealthWatch(session: NatsSession, stream: string): LogHealthWatch {
  let latest: Pick<LogHealth, "answeredAt" | "problem" | "storedBytes" | "clock"> = unknown;
  let cancel = () => {};
  let isRunning = false;

  async function ask(): Promise<void> {
    const sentAt = session.clock.now();
    const question = { subject: `$JS.API.STREAM.INFO.${stream}`, body: {}, withinMs: healthTimes.withinMs };
    const answer = session.isUp() ? await askServer(session, question) : notConnected;
    const heardAt = session.clock.now();
    const why = problemIn(answer);
    if (why !== undefined) latest = { ...latest, problem: why };
    else latest = { ...latest, ...factsIn(answer, sentAt, heardAt), answeredAt: heardAt, problem: undefined };
    if (isRunning) cancel = session.clock.at(session.clock.now() + healthTimes.everyMs, () => void ask());
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
      connected: session.isUp(),
      server: session.nc.isClosed() ? "" : session.nc.getServer(),
      writes: session.publisher.writes(),
      ...latest,
    }),
  };
}

const unknown = { answeredAt: undefined, problem: "not checked yet", storedBytes: undefined, clock: undefined };
const notConnected: ServerAnswer = { state: "unknown", why: "not connected" };

function problemIn(answer: ServerAnswer): string | undefined {
  return answer.state === "unknown" || answer.state === "error" ? answer.why : undefined;
}

function factsIn(answer: ServerAnswer, sentAt: number, heardAt: number): Partial<LogHealth> {
  if (answer.state !== "ok") return {};
  const read = StreamState.safeParse(answer.body);
  if (!read.success) return {};
  const { ts, state } = read.data;
  const serverAt = ts === undefined ? Number.NaN : Date.parse(ts);
  // A clock that was set between request and reply makes the round trip negative: the next request measures.
  if (!Number.isFinite(serverAt) || heardAt < sentAt) return { storedBytes: state.bytes };
  return { storedBytes: state.bytes, clock: offsetOf(serverAt, sentAt, heardAt) };
}

/** The offset for a server that read its clock between request and reply. */
export function offsetOf(serverAt: number, sentAt: number, heardAt: number): ClockOffset {
  return { offsetMs: Math.round((sentAt + heardAt) / 2 - serverAt), boundMs: Math.ceil((heardAt - sentAt) / 2) };
}
