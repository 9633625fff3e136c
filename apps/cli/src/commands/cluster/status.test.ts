import { expect, it } from "vitest";
import { clusterInWords } from "./status.ts";

it("shows releases, levels, shards and quarantined aggregates, and omits empty tables", () => {
  const empty = { requesters: [], nodes: [], shards: [], quarantined: [] };
  const base = { featureLevel: 2, answeredBy: "r-one", protocolLevels: { lowest: 1, highest: 3 } };
  expect(clusterInWords({ ...base, ...empty })).toBe("Feature level 2; nodes of protocol level 1 to 3 get work.\n");
  const text = clusterInWords({
    ...base,
    requesters: [{ id: "r-one", version: "0.2.0", featureLevel: 2, shards: [0, 1, 2, 5] }],
    nodes: [{ id: "n-one", version: "v0.1.0", protocolLevel: 1 }],
    shards: [{ shard: 5, aggregates: 3, quarantined: 1, rebuilding: ["jobs"] }],
    quarantined: [
      { shard: 5, kind: "job", namespace: "default", id: "j-1", position: 7, code: "LOG_NEWER", reason: "too new" },
    ],
  });
  expect(text.split("\n").map((line) => line.replaceAll(/ {2,}/g, " | "))).toEqual([
    "Feature level 2; nodes of protocol level 1 to 3 get work.",
    "",
    "REQUESTER | VERSION | FEATURE LEVEL | SHARDS",
    "r-one | 0.2.0 | 2 | 0-2,5",
    "",
    "NODE | VERSION | PROTOCOL LEVEL",
    "n-one | v0.1.0 | 1",
    "",
    "Shards of r-one",
    "SHARD | IN MEMORY | QUARANTINED | REBUILDING",
    "5 | 3 | 1 | jobs",
    "",
    "QUARANTINED | NAMESPACE | POSITION | REASON",
    "job j-1 | default | 7 | LOG_NEWER: too new",
    "",
  ]);
});
