import { StorageType } from "@nats-io/jetstream";
import { noStreamPosition } from "@shoal/core";
import { someCommit, someJob } from "@shoal/core/testing/contracts";
import { systemClock, systemRandom } from "@shoal/node";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectRequester, type NatsRequesterPorts } from "./requester-ports.ts";
import { type NatsHarness, natsHarness } from "./testing/nats-harness.ts";
import { onServer } from "./testing/on-server.ts";

// Beside PARKED, whose limit does not change, the streams that reserve room leave most of the account to the log.
const storage = { reportsBytes: 16_777_216, logsBytes: 16_777_216, resultsBytes: 16_777_216 };
// The last ones leave less room than any write of the test needs.
const chunks = [1_000_000, 20_000];

onServer(() => {
  let harness: NatsHarness;
  let ports: NatsRequesterPorts;
  beforeEach(async () => {
    harness = await natsHarness({ topology: false, accountFileStore: "300MB" });
    const servers = [harness.server().url];
    ports = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      servers,
      requesterId: "r-1",
      replicas: 1,
      storage,
      onParked: () => {},
    });
  });
  afterEach(async () => {
    await ports.close();
    await harness.close();
  });

  /** Fills the account's storage through a separate stream; returns how the server refuses the rest. */
  async function fill(): Promise<unknown> {
    const manager = await ports.session.manager();
    await manager.streams.add({ name: "FILLER", subjects: ["filler"], storage: StorageType.File });
    const refusals: unknown[] = [];
    while (refusals.length < chunks.length) {
      const bytes = new Uint8Array(chunks[refusals.length] ?? 0);
      const outcome = await ports.session.publisher.publish({ subject: "filler", bytes });
      if (outcome.state !== "stored") refusals.push(outcome);
    }
    return refusals.at(-1);
  }

  it("writes wait while the account has no space, and all are stored once it has", async () => {
    const job = someJob();
    const before = await ports.log.append(job, noStreamPosition, someCommit(noStreamPosition));
    await ports.views.jobs.put("default.j-1", { seq: 1 });
    expect(await fill()).toMatchObject({ state: "unknown", cause: "full", why: expect.stringContaining("10002") });

    const commit = someCommit(before, "x".repeat(100_000));
    const writes = Promise.all([
      ports.log.append(job, before, commit),
      ports.views.jobs.put("default.j-1", { seq: 2, text: "x".repeat(100_000) }),
      ports.views.assignments.put("n-1.e-1", { seq: 2, text: "x".repeat(100_000) }),
    ]);
    const full = () => ports.session.publisher.writes().filter(({ isFull }) => isFull);
    await expect
      .poll(
        () =>
          full()
            .map(({ place }) => place)
            .toSorted(),
        { timeout: 10_000 },
      )
      .toEqual(["$KV.assignments", "$KV.jobs", "filler", "shoal.evt"]);
    const manager = await ports.session.manager();
    await manager.streams.purge("FILLER");

    const [streamHead] = await writes;
    expect((await ports.log.load(job)).map(({ seq }) => seq)).toEqual([before.seq, streamHead.seq]);
    expect((await ports.views.jobs.get("default.j-1"))?.seq).toBe(2);
    expect((await ports.views.assignments.get("n-1.e-1"))?.seq).toBe(2);
    expect(full().map(({ place }) => place)).toEqual(["filler"]);
  });
});
