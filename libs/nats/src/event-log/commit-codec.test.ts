import { someCommit } from "@shoal/core/testing/contracts";
import { CommitEnvelope, commitBytes } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../codec/plain-maps.ts";
import { decodeCommit, decodeStored, encodeCommit, hashOf, readStored } from "./commit-codec.ts";

const tip = { seq: 0, hash: "" };

describe("a commit's bytes", () => {
  it("are a plain map that any msgpack reader understands", () => {
    const { bytes } = encodeCommit(someCommit(tip));
    // 0x8_ or 0xde: a map; 0xa1 0x76: its first key "v".
    expect([0x88, 0xde]).toContain(bytes[0]);
    expect(Buffer.from(bytes).includes(Buffer.from([0xa1, 0x76, 0x01]))).toBe(true);
    expect(Buffer.from(bytes).includes("JobQueued")).toBe(true);
  });
  it("are the same each time, and their hash is over all of them", () => {
    const commit = someCommit(tip);
    const { bytes, hash } = encodeCommit(commit);
    expect(encodeCommit(structuredClone(commit))).toEqual({ bytes, hash });
    expect(hashOf(bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte)))).not.toBe(hash);
  });
  it("may be as many as the limit and not one more", () => {
    const empty = encodeCommit(someCommit(tip, "")).bytes.length;
    // A text above 65535 bytes needs four bytes more for its length than an empty one.
    const room = commitBytes.max - empty - 4;
    expect(encodeCommit(someCommit(tip, "x".repeat(room))).bytes).toHaveLength(commitBytes.max);
    expect(() => encodeCommit(someCommit(tip, "x".repeat(room + 1)))).toThrow(`at most ${commitBytes.max} bytes`);
  });
});

describe("decodeCommit", () => {
  it("takes exactly what the envelope's schema takes", () => {
    const fields = {
      v: 1,
      id: "c",
      at: 1,
      by: "r",
      cause: "x",
      epoch: 0,
      prev: "",
      events: [{ type: "T", data: null }],
    };
    const odd = fc.oneof(
      fc.constant(undefined),
      fc.constantFrom("", 0, 1, null, []),
      fc.array(fc.record({ type: fc.string() })),
    );
    const broken = fc.tuple(fc.constantFrom(...Object.keys(fields)), odd);
    fc.assert(
      fc.property(broken, ([field, value]) => {
        const data = { ...fields, [field]: value };
        expect(decodeCommit(encode(data)) !== undefined).toBe(CommitEnvelope.safeParse(data).success);
      }),
    );
  });
  it("never throws, whatever the bytes", () => {
    const harmless = fc.property(fc.uint8Array(), (bytes) => {
      decodeCommit(bytes);
    });
    expect(() => fc.assert(harmless)).not.toThrow();
  });
});

describe("decodeStored", () => {
  const { bytes, hash } = encodeCommit(someCommit(tip));
  it("says which aggregate it is about", () => {
    expect(decodeStored({ subject: "shoal.evt.3.job.blue.j-1", seq: 7, bytes })).toMatchObject({
      aggregate: { kind: "job", namespace: "blue", id: "j-1" },
      seq: 7,
      hash,
    });
  });
  it("says the same when its digest is made only if it is wanted", () => {
    const message = { subject: "shoal.evt.3.job.blue.j-1", seq: 7, bytes };
    const read = readStored(message);
    if (typeof read === "string") expect.unreachable(read);
    const { aggregate, seq, commit } = read;
    expect({ aggregate, seq, hash: read.hash, commit }).toEqual(decodeStored(message));
  });
  it("says why it is none", () => {
    expect(decodeStored({ subject: "shoal.evt.3.job.blue", seq: 7, bytes })).toContain("subject");
    expect(decodeStored({ subject: "shoal.evt.3.job.blue.j-1", seq: 7, bytes: bytes.subarray(1) })).toContain("bytes");
  });
});
