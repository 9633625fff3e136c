import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { LogWalk } from "./log-walk.ts";
import type { Anchor } from "./report.ts";

type Message = Parameters<LogWalk["take"]>[0];

const message = (seq: number, text = `message ${seq}`): Message => ({
  subject: `s.${seq}`,
  seq,
  bytes: Buffer.from(text),
});

function walked(messages: readonly Message[], upTo: number, expectAt?: Anchor) {
  const whys: string[] = [];
  const walk = new LogWalk(({ why }) => whys.push(why), expectAt);
  for (const each of messages) walk.take(each);
  return { anchor: walk.finish(upTo), whys };
}

const three = [1, 2, 3].map((seq) => message(seq));

it("is the hash of the frames of all messages, as the notes describe it", () => {
  const frames = three.map(({ subject, seq, bytes }) => {
    const head = Buffer.alloc(16);
    head.writeBigUInt64BE(BigInt(seq), 0);
    head.writeUInt32BE(subject.length, 8);
    head.writeUInt32BE(bytes.length, 12);
    return Buffer.concat([head, Buffer.from(subject), bytes]);
  });
  const hash = createHash("sha256").update(Buffer.concat(frames)).digest("hex");
  expect(walked(three, 3)).toEqual({ anchor: { seq: 3, hash }, whys: [] });
});

it.each([1, 2, 3])("finds the anchor of position %i again in a log that has grown", (seq) => {
  const { anchor } = walked(three.slice(0, seq), seq);
  expect(walked(three, 3, anchor).whys).toEqual([]);
});

it.each([
  ["other bytes", message(2, "another")],
  ["another subject", { ...message(2), subject: "s.3" }],
])("differs when a message has %s", (_what, changed) => {
  const { anchor } = walked(three, 3);
  const altered = three.map((each) => (each.seq === 2 ? changed : each));
  const { whys } = walked(altered, 3, anchor);
  expect(whys).toEqual([expect.stringMatching(`^expected 3:${anchor.hash}, got 3:`)]);
});

it("does not take the end of one message for the beginning of the next", () => {
  const one = walked([message(1, "ab"), message(2, "c")], 2).anchor;
  expect(walked([message(1, "a"), message(2, "bc")], 2).anchor).not.toEqual(one);
});

it("is missed in a log that ends before it", () => {
  const { whys } = walked(three, 3, { seq: 9, hash: "0".repeat(64) });
  expect(whys).toEqual([expect.stringContaining("got no position 9: it ends at 3")]);
});

it("holds for messages larger than what is hashed at once", () => {
  const large = Buffer.alloc(600_000);
  const changed = Buffer.from(large);
  changed[599_999] = 1;
  const anchorOf = (bytes: Buffer) => walked([{ subject: "a", seq: 1, bytes }], 1).anchor;
  expect(anchorOf(large)).not.toEqual(anchorOf(changed));
});

it.each([
  { what: "the beginning", seqs: [3], upTo: 3, why: "positions 1 to 2 are missing" },
  { what: "one between", seqs: [1, 3], upTo: 3, why: "position 2 is missing" },
  { what: "the end", seqs: [1], upTo: 3, why: "positions 2 to 3 are missing" },
  { what: "everything", seqs: [], upTo: 2, why: "positions 1 to 2 are missing" },
])("reports that $what is missing", ({ seqs, upTo, why }) => {
  const messages = seqs.map((seq) => message(seq));
  expect(walked(messages, upTo).whys).toEqual([expect.stringContaining(why)]);
});
