import type { Socket } from "node:net";
import type { Clock } from "@shoal/core";
import type { Peer } from "../connection/peer.ts";
import { dial } from "./dial.ts";
import { type Frame, FrameReader } from "./frames.ts";

/** Where a line goes, and who we are there. */
export interface LineAddress extends Peer {
  readonly clock: Clock;
}

/** Who is told what comes over a line. Neither call may throw. */
export interface LineEar {
  heard(frame: Frame): void;
  /** The line is gone; told once, and not after `close`. */
  broke(why: string): void;
}

/** One connection for one subscription. It never reconnects: whoever needs another opens another. */
export interface Line {
  publish(subject: string, message: { readonly reply: string; readonly text: string }): void;
  close(): void;
}

// A server that is there answers within milliseconds; one that does not is as good as gone.
const openMs = 5_000;

/** Connects, shows who we are and subscribes. Rejects with an error that says what stood in the way. */
export async function openLine(address: LineAddress, inbox: string, ear: LineEar): Promise<Line> {
  const { clock } = address;
  const late = new AbortController();
  const cancelLate = clock.at(clock.now() + openMs, () =>
    late.abort(new Error(`${address.server} did not let us in within ${openMs} ms`)),
  );
  try {
    return await subscribed(await dial(address, late.signal), { address, inbox, ear });
  } finally {
    cancelLate();
  }
}

interface Subscribing {
  readonly address: LineAddress;
  readonly inbox: string;
  readonly ear: LineEar;
}

async function subscribed(socket: Socket, { address, inbox, ear }: Subscribing): Promise<Line> {
  const opening = Promise.withResolvers<Line>();
  let open = false;
  let closed = false;
  const close = (): void => {
    closed = true;
    socket.destroy();
  };
  const end = (why: string): void => {
    if (closed) return;
    close();
    if (open) ear.broke(why);
    else opening.reject(new Error(why));
  };
  const line: Line = {
    publish: (subject, { reply, text }) =>
      void socket.write(`PUB ${subject} ${reply} ${Buffer.byteLength(text)}\r\n${text}\r\n`),
    close,
  };
  const opened = (): void => {
    open = true;
    opening.resolve(line);
  };
  const answers = new Map<string, (rest: string) => void>([
    ["PING", () => void socket.write("PONG\r\n")],
    ["PONG", opened],
    ["-ERR", end],
  ]);
  const frames = new FrameReader({
    message: (frame) => (closed ? undefined : ear.heard(frame)),
    words(said) {
      const [word = ""] = said.split(" ", 1);
      answers.get(word)?.(said.slice(word.length + 1));
    },
  });
  socket.on("data", (piece) => feed(frames, piece, end));
  socket.on("error", (failure) => end(failure.message));
  socket.on("close", () => end("the server closed the connection"));
  socket.write(`${greeting(address, "encrypted" in socket)}SUB ${inbox} 1\r\nPING\r\n`);
  return await opening.promise;
}

function feed(frames: FrameReader, piece: Buffer, end: (why: string) => void): void {
  try {
    frames.feed(piece);
  } catch (failure) {
    end(failure instanceof Error ? failure.message : String(failure));
  }
}

// The protocol's second version: the server may send its greeting again, which we pass over.
const protocolVersion = 1;

function greeting({ credentials, name }: LineAddress, encrypted: boolean): string {
  const { user, pass, token } = credentials;
  const who = { user, pass, auth_token: token, name, lang: "javascript", version: process.version };
  const how = { verbose: false, pedantic: false, tls_required: encrypted, headers: true, no_responders: true };
  return `CONNECT ${JSON.stringify({ ...who, ...how, protocol: protocolVersion })}\r\n`;
}
