import { noStreamPosition, type StoredCommit } from "@shoal/core";
import { record, someCommit, someJob } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Publication } from "../connection/publisher.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { createEventLog } from "./event-log.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness();
  });
  afterEach(() => harness.close());

  it("delivers its own commit before the acknowledgement, undecoded, and finds it when the acknowledgement is lost", async () => {
    const session = await harness.session();
    const delivered = record<StoredCommit>();
    const publish = async (publication: Publication) => {
      await session.publisher.publish(publication);
      await delivered.atLeast(1);
      return { state: "unknown", why: "lost" } as const;
    };
    const log = createEventLog({ ...session, publisher: { ...session.publisher, publish } });
    const following = await log.follow({}, 0, delivered.push);
    const [job, commit] = [someJob(), someCommit(noStreamPosition)];
    const streamHead = await log.append(job, noStreamPosition, commit);
    expect(delivered.all).toEqual([{ aggregate: job, ...streamHead, commit }]);
    expect(delivered.all[0]?.commit).toBe(commit);
    await following.close();
  });

  it("delivers the commit of another writer that was faster", async () => {
    const session = await harness.session();
    const other = createEventLog(await harness.session());
    const delivered = record<StoredCommit>();
    const [job, ours, theirs] = [someJob(), someCommit(noStreamPosition), someCommit(noStreamPosition)];
    const publish = async (publication: Publication) => {
      await other.append(job, noStreamPosition, theirs);
      await delivered.atLeast(1);
      return await session.publisher.publish(publication);
    };
    const log = createEventLog({ ...session, publisher: { ...session.publisher, publish } });
    const following = await log.follow({}, 0, delivered.push);
    await expect(log.append(job, noStreamPosition, ours)).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
    expect(delivered.all.map(({ commit }) => commit)).toEqual([theirs]);
    await following.close();
  });
});
