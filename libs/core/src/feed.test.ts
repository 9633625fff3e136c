import { commitVersion, eventKinds, fromWire, type StoredEvent } from "@shoal/proto";
import { expect, it } from "vitest";
import { cloudEventOf } from "./feed.ts";
import type { StoredCommit } from "./ports/event-log.ts";
import { sampleAt, sampleJobEvents, sampleJobId, sampleNodeEvents } from "./testing/samples.ts";

const storedOf = (events: readonly StoredEvent[]): StoredCommit => ({
  aggregate: { kind: "job", namespace: "default", id: sampleJobId },
  seq: 7,
  hash: "h",
  commit: {
    v: commitVersion,
    id: "c-1",
    at: sampleAt,
    by: "r-1",
    actor: { type: "requester", id: "r" },
    cause: { command: "Test" },
    epoch: 1,
    prev: "",
    events,
  },
});
const collected = (...events: readonly StoredEvent[]) =>
  events.map((_, index) => cloudEventOf(storedOf(events), index));

it("has the facts of every kind of event under the names of the API, without loss", () => {
  const samples: readonly StoredEvent[] = [...sampleJobEvents, ...sampleNodeEvents];
  for (const [index, { type, data, id }] of collected(...samples).entries()) {
    const sample = samples[index];
    const kind = eventKinds.get(sample?.type ?? "");
    if (kind === undefined) throw new Error(`there is no kind ${type}`);
    expect(id).toBe(`7.${index}`);
    const names = Object.keys(Object(data));
    expect(names.filter((name) => !/^[A-Z]/.test(name))).toEqual([]);
    expect(fromWire(kind.data, JSON.parse(JSON.stringify(data)))).toMatchObject({ ok: true, value: sample?.data });
  }
});

it("has the data of an unknown event type unchanged", () => {
  expect(collected({ type: "MoonLanded", v: 1, data: { on: 1 } })).toMatchObject([
    { type: "shoal.MoonLanded", data: { on: 1 } },
  ]);
});

it("names the namespace of a job, and no namespace for a node", () => {
  const event = { type: "MoonLanded", v: 1, data: {} } as const;
  const [ofJob] = collected(event);
  expect(ofJob).toEqual({
    specversion: "1.0",
    id: "7.0",
    source: "/shoal/default",
    type: "shoal.MoonLanded",
    subject: sampleJobId,
    time: new Date(sampleAt).toISOString(),
    datacontenttype: "application/json",
    by: "r-1",
    message: "MoonLanded",
    data: {},
  });
  const aggregate = { kind: "node", namespace: "", id: "n-1" } as const;
  expect(cloudEventOf({ ...storedOf([event]), aggregate }, 0)).toMatchObject({
    source: "/shoal/nodes",
    subject: "n-1",
  });
});
