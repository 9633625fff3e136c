import { expect, it } from "vitest";
import type { Kind } from "../kind.ts";
import { kinds } from "../kinds.ts";
import { nodeKind } from "../node/kind.ts";
import { registry } from "../registry.ts";
import { byBucket, viewBuckets } from "./buckets.ts";

const withBucket = (name: string) => {
  const [view] = nodeKind.views;
  const views = view === undefined ? [] : [{ ...view, bucket: { name, keys: "<id>" } }];
  return registry<Kind>("kind", [...kinds.parts, { ...nodeKind, name: "rock", views } as Kind]);
};

it("makes one value for each bucket of the kinds' views", () => {
  const known = viewBuckets(kinds).map(({ name }) => name);
  expect(known).toEqual(expect.arrayContaining(["assignments", "jobs", "nodes", "open"]));
  const made: string[] = [];
  const things = byBucket(withBucket("rocks"), (name) => {
    made.push(name);
    return name.toUpperCase();
  });
  expect(made).toEqual([...known.slice(0, -1), "rocks", "open"]);
  expect([things.jobs, things["rocks"], things["none"]]).toEqual(["JOBS", "ROCKS", undefined]);
});

it.each(["jobs", "open", "shards"])("refuses a second view of the bucket %s", (name) => {
  expect(() => viewBuckets(withBucket(name))).toThrow(/share a name/);
});
