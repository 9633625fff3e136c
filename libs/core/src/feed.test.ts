import { commitVersion, eventKinds, fromWire, type StoredEvent } from "@shoal/proto";
import { expect, it } from "vitest";
import { cloudEventOf } from "./feed.ts";
import { sampleAt, sampleJobEvents, sampleJobId, sampleNodeEvents } from "./testing/samples.ts";

const told = (...events: readonly StoredEvent[]) => {
  const commit = {
    v: commitVersion,
    id: "c-1",
    at: sampleAt,
    by: "r-1",
    actor: { type: "requester", id: "r" },
    cause: { command: "Test" },
    epoch: 1,
    prev: "",
    events,
  } as const;
  const aggregate = { kind: "job", namespace: "default", id: sampleJobId } as const;
  return events.map((_, index) => cloudEventOf({ aggregate, seq: 7, hash: "h", commit }, index));
};

it("tells the facts of every kind of event in the words of the API, and nothing is lost on the way", () => {
  const samples: readonly StoredEvent[] = [...sampleJobEvents, ...sampleNodeEvents];
  for (const [index, { type, data, id }] of told(...samples).entries()) {
    const sample = samples[index];
    const kind = eventKinds.get(sample?.type ?? "");
    if (kind === undefined) throw new Error(`there is no kind ${type}`);
    expect(id).toBe(`7.${index}`);
    const names = Object.keys(Object(data));
    expect(names.filter((name) => !/^[A-Z]/.test(name))).toEqual([]);
    expect(fromWire(kind.data, JSON.parse(JSON.stringify(data)))).toMatchObject({ ok: true, value: sample?.data });
  }
});

it("tells a kind that this version does not know as it stands", () => {
  expect(told({ type: "MoonLanded", v: 1, data: { on: 1 } })).toMatchObject([
    { type: "shoal.MoonLanded", data: { on: 1 } },
  ]);
});
