import { noTip, type StoredCommit } from "@shoal/core";
import { heard, someCommit, someJob } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Publication } from "../connection/publisher.ts";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { createEventLog } from "./event-log.ts";

onServer(() => {
  let bench: NatsBench;
  beforeEach(async () => {
    bench = await natsBench();
  });
  afterEach(() => bench.close());

  it("delivers what it appends before the acknowledgement, undecoded, and finds it when the acknowledgement is lost", async () => {
    const link = await bench.link();
    const delivered = heard<StoredCommit>();
    const publish = async (publication: Publication) => {
      await link.publisher.publish(publication);
      await delivered.atLeast(1);
      return { state: "unknown", why: "lost" } as const;
    };
    const log = createEventLog({ ...link, publisher: { ...link.publisher, publish } });
    const following = await log.follow({}, 0, delivered.tell);
    const [job, commit] = [someJob(), someCommit(noTip)];
    const tip = await log.append(job, noTip, commit);
    expect(delivered.all).toEqual([{ aggregate: job, ...tip, commit }]);
    expect(delivered.all[0]?.commit).toBe(commit);
    await following.close();
  });

  it("delivers the commit of another writer who was faster", async () => {
    const link = await bench.link();
    const other = createEventLog(await bench.link());
    const delivered = heard<StoredCommit>();
    const [job, ours, theirs] = [someJob(), someCommit(noTip), someCommit(noTip)];
    const publish = async (publication: Publication) => {
      await other.append(job, noTip, theirs);
      await delivered.atLeast(1);
      return await link.publisher.publish(publication);
    };
    const log = createEventLog({ ...link, publisher: { ...link.publisher, publish } });
    const following = await log.follow({}, 0, delivered.tell);
    await expect(log.append(job, noTip, ours)).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
    expect(delivered.all.map(({ commit }) => commit)).toEqual([theirs]);
    await following.close();
  });
});
