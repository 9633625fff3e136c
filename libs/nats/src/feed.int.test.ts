import { cloudEventOf, noTip, type StoredCommit } from "@shoal/core";
import { heard, someCommit, someJob } from "@shoal/core/testing/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFeed } from "./feed.ts";
import { type NatsBench, natsBench } from "./testing/nats-bench.ts";
import { onServer } from "./testing/on-server.ts";

onServer(() => {
  let bench: NatsBench;
  beforeAll(async () => {
    bench = await natsBench({ topology: false });
  });
  afterAll(() => bench.close());

  const stored: StoredCommit = {
    aggregate: someJob("blue"),
    seq: 7,
    hash: "",
    commit: {
      ...someCommit(noTip),
      at: 1_700_000_000_123,
      events: [
        { type: "ExecutionStarted", v: 1, data: { executionId: "e-1", startedAt: 1 } },
        { type: "JobStarted", v: 1, data: { answers: [] } },
      ],
    },
  };

  it("says each event once, on the subject of its job and type, as a CloudEvent", async () => {
    const link = await bench.link();
    const told = heard<{ readonly subject: string; readonly event: unknown }>();
    link.nc.subscribe("shoal.feed.>", {
      callback: (_failure, m) => told.tell({ subject: m.subject, event: m.json() }),
    });
    createFeed(link).announce(stored);
    const { id } = stored.aggregate;
    expect(await told.atLeast(2)).toEqual([
      {
        subject: `shoal.feed.blue.${id}.ExecutionStarted`,
        event: {
          specversion: "1.0",
          id: "7.0",
          source: "/shoal/blue",
          type: "shoal.ExecutionStarted",
          subject: id,
          time: "2023-11-14T22:13:20.123Z",
          datacontenttype: "application/json",
          by: stored.commit.by,
          data: { ExecutionID: "e-1", StartedAt: 1 },
        },
      },
      { subject: `shoal.feed.blue.${id}.JobStarted`, event: expect.objectContaining({ id: "7.1", subject: id }) },
    ]);
  });

  it("gives a node's events too, for those who read the log", () => {
    const aggregate = { kind: "node", namespace: "", id: "n1" } as const;
    expect(cloudEventOf({ ...stored, aggregate }, 1)).toMatchObject({ source: "/shoal/nodes", subject: "n1" });
  });
});
