import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noStreamPosition, type StoredCommit, type StreamPosition } from "@shoal/core";
import { someCommit, someJob } from "@shoal/core/testing/contracts";
import { connectRequester, findServer, type NatsRequesterPorts, type RunningServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { behindCommit, type FeedCursor } from "./feed-cursor.ts";
import { createLiveEvents, type LiveEvents } from "./live-events.ts";
import { streamEvents } from "./stream-events.ts";

const isThere = await findServer().then(
  () => true,
  () => false,
);

describe.skipIf(!isThere && !process.env["CI"])("feeds over a server that is killed (needs nats-server)", () => {
  let folder: string;
  let server: RunningServer;
  let ports: NatsRequesterPorts;
  let live: LiveEvents;
  const start = async (port: number) => startServer(await findServer(), { dataDir: join(folder, "nats"), port });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "shoal-feeds-"));
    server = await start(-1);
    const quiet = { onDamage: () => {}, onParked: () => {} };
    ports = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      servers: [server.url],
      requesterId: "r",
      replicas: 1,
      ...quiet,
    });
    live = createLiveEvents({ log: ports.log, clock: systemClock(), recentCommits: 8 });
  });
  afterEach(async () => {
    await live.close();
    await ports.close();
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  });

  /** Reads all jobs from a cursor on, some events at a time. */
  async function listen(after: FeedCursor, pace: number) {
    const sent: string[] = [];
    const waiting = new Set<() => void>();
    let room = pace;
    const reader = {
      write(piece: string) {
        const id = /^id: (.*)$/m.exec(piece)?.[1];
        if (id === undefined) return true;
        sent.push(id);
        for (const check of waiting) check();
        room -= 1;
        return room > 0;
      },
      onceDrained: (callback: () => void) =>
        void setImmediate(() => {
          room = pace;
          callback();
        }),
      drop: () => expect.unreachable("a reader was dropped"),
    };
    const hold = await live.hold();
    const failed = (failure: unknown) => expect.unreachable(String(failure));
    const parts = { log: ports.log, live: hold, clock: systemClock(), reader, failed };
    const stop = streamEvents(parts, { filter: {}, after, types: new Set() });
    const until = (count: number) =>
      new Promise<void>((resolve) => {
        const check = () => (sent.length >= count ? resolve() : undefined);
        waiting.add(check);
        check();
      });
    const end = () => {
      stop();
      hold.release();
    };
    return { sent, until, end };
  }

  it("sends each listener every event after its position, once and in order", { timeout: 60_000 }, async () => {
    const job = someJob();
    const stored: Pick<StoredCommit, "seq">[] = [];
    let streamHead: StreamPosition = noStreamPosition;
    const append = async (count: number) => {
      for (let made = 0; made < count; made++) {
        streamHead = await ports.log.append(job, streamHead, someCommit(streamHead));
        stored.push({ seq: streamHead.seq });
      }
    };
    await append(30);
    const from = stored[12]?.seq ?? 0;
    const listeners = [
      { from: 0, reading: await listen(behindCommit(0), 1_000) },
      { from, reading: await listen(behindCommit(from), 3) },
      { from: streamHead.seq, reading: await listen(behindCommit(streamHead.seq), 1) },
    ];
    await append(20);
    await server.kill();
    server = await start(server.port);
    await append(40);
    for (const { from: after, reading } of listeners) {
      const expected = stored.filter(({ seq }) => seq > after).map(({ seq }) => `${seq}.0`);
      await reading.until(expected.length);
      expect(reading.sent).toEqual(expected);
      reading.end();
    }
  });
});
