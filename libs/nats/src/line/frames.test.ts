import { Kind, Parser, type ParserEvent } from "@nats-io/nats-core/internal";
import { createDice, type Dice } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { type Frame, FrameReader, frameLimits } from "./frames.ts";

interface Told {
  readonly subject?: string;
  readonly reply?: string;
  readonly headers?: string;
  readonly body?: string;
  readonly words?: string;
}

function partsOf({ buffer, ...at }: Frame): Told {
  const text = (from: number, to: number) => buffer.toString("latin1", from, to);
  return {
    subject: text(at.subjectFrom, at.subjectTo),
    reply: text(at.replyFrom, at.replyTo),
    headers: text(at.headersFrom, at.bodyFrom),
    body: text(at.bodyFrom, at.bodyTo),
  };
}

function told(pieces: readonly Buffer[]): Told[] {
  const all: Told[] = [];
  const frames = new FrameReader({
    message: (frame) => all.push(partsOf(frame)),
    words: (words) => all.push({ words }),
  });
  for (const piece of pieces) frames.feed(piece);
  return all;
}

const latin1 = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("latin1");

/** What the client library makes of the same bytes. */
function toldByLibrary(bytes: Buffer): Told[] {
  const all: Told[] = [];
  const take = ({ kind, msg, data }: ParserEvent): void => {
    if (kind === Kind.PING) all.push({ words: "PING" });
    if (kind === Kind.PONG) all.push({ words: "PONG" });
    if (kind === Kind.ERR) all.push({ words: `-ERR ${latin1(data)}` });
    if (kind === Kind.INFO) all.push({ words: `INFO ${latin1(data)}` });
    if (kind !== Kind.MSG || msg === undefined) return;
    const headers = latin1(data).slice(0, Math.max(msg.hdr, 0));
    all.push({
      subject: latin1(msg.subject),
      reply: latin1(msg.reply),
      headers,
      body: latin1(data).slice(headers.length),
    });
  };
  new Parser({ push: take }).parse(bytes);
  return all;
}

const bodies = ["", "x", "a\r\nb", "MSG a 1 2\r\nhi\r\n", "\r", "\r\n", "\0\u00ff\u0080", "y".repeat(300)] as const;
const replies = ["", "_INBOX.1", "$JS.ACK.EVENTS.r-1.1.42.7.1700000000000000000.3"] as const;
const others = ["PING", "PONG", "-ERR 'Authorization Violation'", 'INFO {"server_id":"x"}'] as const;
const someHeaders = ["NATS/1.0\r\n\r\n", "NATS/1.0 100 Idle Heartbeat\r\nNats-Pending: 5\r\n\r\n"] as const;

function anyFrame(dice: Dice): string {
  if (dice.chance(0.2)) return `${dice.pick(others)}\r\n`;
  const [subject, body, reply] = [dice.pick(["a", "shoal.evt.1.job.x"]), dice.pick(bodies), dice.pick(replies)];
  const to = `${subject} ${dice.between(1, 999)}${reply === "" ? "" : ` ${reply}`}`;
  if (dice.chance(0.5)) return `MSG ${to} ${body.length}\r\n${body}\r\n`;
  const headers = dice.pick(someHeaders);
  return `HMSG ${to} ${headers.length} ${headers.length + body.length}\r\n${headers}${body}\r\n`;
}

function cutAnywhere(bytes: Buffer, dice: Dice): Buffer[] {
  const pieces: Buffer[] = [];
  const most = dice.pick([1, 3, 50, 1_000]);
  for (let at = 0; at < bytes.length; ) {
    const to = at + dice.between(1, most);
    // A copy: a piece is the reader's no longer than its own call.
    pieces.push(Buffer.from(bytes.subarray(at, to)));
    at = to;
  }
  return pieces;
}

describe("what a server sends", () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);
  it.each(seeds)("is what the client library hears, in whatever pieces it comes (seed %i)", (seed) => {
    const dice = createDice(seed);
    const bytes = Buffer.from(Array.from({ length: dice.between(1, 30) }, () => anyFrame(dice)).join(""), "latin1");
    const pieces = cutAnywhere(bytes, dice);
    expect(told(pieces)).toEqual(toldByLibrary(bytes));
  });

  it.each([
    "MSG\r\n",
    "MSG a\r\n",
    "MSG  1 2\r\nhi\r\n",
    "MSG a 1\r\n",
    "MSG a 1 x\r\n",
    "MSG a 1 r -2\r\nhi\r\n",
    "HMSG a 1 20 10\r\n",
    "HMSG a 1 x 10\r\n",
    `MSG a 1 ${frameLimits.messageBytes + 1}\r\n`,
  ])("is refused when it is %j", (bytes) => {
    expect(() => told([Buffer.from(bytes)])).toThrow(expect.objectContaining({ code: "LOG_UNSUITABLE" }));
  });
  it("is refused when a line has no end", () => {
    const endless = Buffer.alloc(frameLimits.lineBytes / 2 + 1, "x");
    expect(() => told([endless, endless])).toThrow(expect.objectContaining({ code: "LOG_UNSUITABLE" }));
  });
});
