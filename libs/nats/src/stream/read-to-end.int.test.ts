import { streams, subjects } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NatsSession } from "../connection/nats-session.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { readToEnd } from "./read-to-end.ts";

onServer(() => {
  let harness: NatsHarness;
  let session: NatsSession;
  /** The connections that were opened in addition to the first. */
  let others: NatsSession[];
  beforeEach(async () => {
    harness = await natsHarness();
    const first = await harness.session();
    others = [];
    const openSecond = async () => {
      const other = await first.openSecond();
      others.push(other);
      return other;
    };
    session = { ...first, openSecond };
    for (const text of ["one", "two", "three"]) await publish(text);
  });
  afterEach(() => harness.close());

  const subject = subjects.parked(1);
  const publish = (text: string) => session.publisher.publish({ subject, bytes: Buffer.from(text) });
  const place = {
    stream: streams.parked,
    filter: subject,
    from: { at: "behind", seq: 0 },
    ownConnection: true,
  } as const;

  describe("a read to the end", () => {
    it("delivers the stream over a separate connection, and closes it", async () => {
      const texts: string[] = [];
      await readToEnd(session, { ...place, deliver: ({ bytes }) => texts.push(Buffer.from(bytes).toString()) });
      expect(texts).toEqual(["one", "two", "three"]);
      expect(others.map(({ nc }) => nc.isClosed())).toEqual([true]);
      expect(session.nc.isClosed()).toBe(false);
    });
    it("ends at the requested position", async () => {
      const seqs: number[] = [];
      await readToEnd(session, { ...place, upTo: 2, deliver: ({ seq }) => seqs.push(seq) });
      expect(seqs).toEqual([1, 2]);
    });
    it("fails when the first connection is closed meanwhile, and leaves none open", async () => {
      // The reader never has room, so the read cannot end by itself.
      const reading = readToEnd(session, { ...place, deliver: () => {}, room: () => new Promise(() => {}) });
      const failure = expect(reading).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
      while (others.length === 0) await new Promise(setImmediate);
      await session.close();
      await failure;
      expect(others.map(({ nc }) => nc.isClosed())).toEqual([true]);
    });
    it("fails with the error of the reader's `room`", async () => {
      const room = () => Promise.reject(new Error("the disk is full"));
      await expect(readToEnd(session, { ...place, deliver: () => {}, room })).rejects.toThrow("the disk is full");
      expect(others.map(({ nc }) => nc.isClosed())).toEqual([true]);
    });
  });
});
