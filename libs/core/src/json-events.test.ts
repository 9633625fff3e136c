import type { StoredEvent } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldAggregate } from "./aggregate.ts";
import { kinds } from "./kinds.ts";
import { sampleAt, sampleJobEvents, sampleNodeEvents, sampleSecretEvents } from "./testing/samples.ts";

const events: readonly StoredEvent[] = [...sampleJobEvents, ...sampleNodeEvents, ...sampleSecretEvents];
const asStored = (event: unknown): unknown => JSON.parse(JSON.stringify(event));

/** The same data, with undefined fields added to every object. */
function padded(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(padded);
  if (typeof data !== "object" || data === null) return data;
  const fields = Object.entries(data).map(([name, value]) => [name, padded(value)]);
  return { ...Object.fromEntries(fields), absent: undefined };
}

describe.each(events.map((event) => ({ event, type: event.type })))("$type", ({ event }) => {
  it("equals its own JSON round trip", () => {
    expect(asStored(event)).toStrictEqual(event);
  });
  it("is stored as the same bytes whether a field is undefined or not there", () => {
    expect(JSON.stringify(padded(event))).toBe(JSON.stringify(event));
  });
});

describe("any data that a schema of an event accepts", () => {
  const output = { stdoutTruncated: false, stderrTruncated: false, errorMsg: "" };
  it("is unchanged by a JSON round trip", () => {
    const texts = fc.record({ stdout: fc.string({ unit: "binary" }), stderr: fc.string({ unit: "binary" }) });
    fc.assert(
      fc.property(texts, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), (text, exitCode, at) => {
        // JSON knows one zero.
        const data = { output: { ...output, ...text, exitCode }, startedAt: at === 0 ? 0 : at };
        expect(asStored(data)).toStrictEqual(data);
      }),
    );
  });
});

it("an aggregate folds to the same from decided and from stored events", () => {
  const node = kinds.get("node");
  // A node that is connected is not forgotten.
  const history = sampleNodeEvents.filter(({ type }) => type !== "NodeForgotten");
  const commits = (shape: (event: StoredEvent) => StoredEvent) =>
    history.map((event, index) => ({
      aggregate: { kind: "node", namespace: "", id: "n-one" },
      seq: index + 1,
      hash: `${index}`,
      commit: {
        v: 1,
        id: `c-${index}`,
        at: sampleAt,
        by: "r",
        actor: { type: "requester", id: "r" },
        cause: { command: "RecordHeartbeat" },
        epoch: 1,
        prev: "",
        events: [shape(event)],
      } as const,
    }));
  const decided = foldAggregate(
    node,
    commits((event) => padded(event) as StoredEvent),
  );
  const stored = foldAggregate(
    node,
    commits((event) => asStored(event) as StoredEvent),
  );
  expect(JSON.stringify(decided.state)).toBe(JSON.stringify(stored.state));
});
