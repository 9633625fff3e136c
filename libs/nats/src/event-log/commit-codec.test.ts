import { isCommit, kinds } from "@shoal/core";
import { someCommit } from "@shoal/core/testing/contracts";
import { commitBytes, shardOf } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeJson } from "../json.ts";
import { encodeCommit, hashOf, messageReader, wholly } from "./commit-codec.ts";

const streamHead = { seq: 0, hash: "" };
const job = { kind: "job", namespace: "blue", id: "j-1" };
const subject = `shoal.evt.${shardOf("j-1")}.job.blue.j-1`;

describe("a commit's bytes", () => {
  it("are plain JSON", () => {
    const commit = someCommit(streamHead, "nö room");
    expect(new TextDecoder().decode(encodeCommit(commit).bytes)).toBe(JSON.stringify(commit));
  });
  it("are deterministic, and their hash covers all of them", () => {
    const commit = someCommit(streamHead);
    const { bytes, hash } = encodeCommit(commit);
    expect(encodeCommit(structuredClone(commit))).toEqual({ bytes, hash });
    expect(hashOf(bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte)))).not.toBe(hash);
  });
  it("omit undefined fields", () => {
    const commit = someCommit(streamHead);
    const data = { why: "x", answers: [], none: undefined };
    const [withNone, without] = [data, { why: "x", answers: [] }].map((each) =>
      encodeCommit({ ...commit, events: [{ type: "JobQueued", v: 1, data: each }] }),
    );
    expect(withNone).toEqual(without);
  });
  it("are at most as many as the limit", () => {
    const room = commitBytes.max - encodeCommit(someCommit(streamHead, "")).bytes.length;
    expect(encodeCommit(someCommit(streamHead, "x".repeat(room))).bytes).toHaveLength(commitBytes.max);
    expect(() => encodeCommit(someCommit(streamHead, "x".repeat(room + 1)))).toThrow(
      `at most ${commitBytes.max} bytes`,
    );
    // Two bytes in UTF-8.
    expect(() => encodeCommit(someCommit(streamHead, `${"x".repeat(room - 1)}ö`))).toThrow(
      `at most ${commitBytes.max} bytes`,
    );
  });
});

describe("a message of the log", () => {
  const read = messageReader(kinds);
  const { bytes, hash } = encodeCommit(someCommit(streamHead));
  it("is read with its aggregate, and with its hash on request", () => {
    const message = { subject, seq: 7, bytes };
    const expected = { aggregate: job, seq: 7, hash, commit: decodeJson(bytes) };
    expect(wholly(read)(message)).toEqual(expected);
    const found = read(message);
    if (!isCommit(found)) return expect.unreachable(found.why);
    expect({ ...expected, hash: found.hash, commit: found.commit, seq: found.seq }).toEqual(expected);
  });
  it.each([
    ["with too few parts", "shoal.evt.3.job"],
    ["with too many parts", `${subject}.x`],
    ["in the wrong shard", `shoal.evt.${shardOf("j-1") + 1}.job.blue.j-1`],
    ["in no shard", "shoal.evt.x.job.blue.j-1"],
    ["of a job without a namespace", `shoal.evt.${shardOf("j-1")}.job.j-1`],
    ["of a node in a namespace", `shoal.evt.${shardOf("n-1")}.node.blue.n-1`],
    ["outside of the log's", "shoal.rpt.3.n-1.j-1.e-1"],
  ])("on a subject %s is damage, and about no aggregate", (_what, odd) => {
    const aggregate = { kind: "", namespace: "", id: odd };
    expect(read({ subject: odd, seq: 7, bytes })).toMatchObject({ aggregate, seq: 7, code: "LOG_DAMAGED" });
  });
  it.each([
    ["shoal.evt.3.flow.blue.f-1", { kind: "flow", namespace: "blue", id: "f-1" }],
    ["shoal.evt.3.flow.blue.f-1.step.7", { kind: "flow", namespace: "", id: "blue.f-1.step.7" }],
    ["shoal.evt.3.Job.blue.j-1", { kind: "Job", namespace: "blue", id: "j-1" }],
  ])("on %s is of a later kind, with any content", (odd, aggregate) => {
    for (const each of [bytes, new Uint8Array()])
      expect(read({ subject: odd, seq: 7, bytes: each })).toMatchObject({ aggregate, seq: 7, code: "LOG_NEWER" });
  });
  it("never throws in its reader, for any subject and bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (odd, rest) => {
        expect(isCommit(read({ subject, seq: 1, bytes: odd }))).toBe(false);
        read({ subject: `shoal.evt.${rest}`, seq: 1, bytes });
      }),
    );
  });
});
