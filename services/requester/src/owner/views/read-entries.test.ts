import { Fault, type ViewWatch, type ViewWatcher } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { readEntries } from "./read-entries.ts";

/** A bucket whose deliveries the test makes. */
function openBucket(caughtUp: () => Promise<void> = async () => {}) {
  const opened = Promise.withResolvers<ViewWatcher>();
  const closed: string[] = [];
  const watch: ViewWatch = { caughtUp, close: async () => void closed.push("closed") };
  return {
    opened: opened.promise,
    closed,
    store: {
      watch: async (_pattern: string, watcher: ViewWatcher) => {
        opened.resolve(watcher);
        return watch;
      },
    },
  };
}

const change = { isInitial: true, isAbsent: false, storedAt: 0 };
const entry = { seq: 1 };

function begin(caughtUp?: () => Promise<void>) {
  const clock = createManualClock();
  const bucket = openBucket(caughtUp);
  const end = new AbortController();
  const outcome = readEntries(bucket.store, { pattern: "3.>", clock, signal: end.signal }).then(
    (entries) => [...entries.keys()],
    (failure: unknown) => (failure instanceof Fault ? failure.code : "another failure"),
  );
  return { clock, bucket, end, outcome };
}

it("waits as long as entries arrive, and returns those that were not removed", async () => {
  const { clock, bucket, outcome } = begin();
  const watcher = await bucket.opened;
  for (const key of ["a", "b", "c"]) {
    await clock.advance(9_000);
    watcher.changed(key, entry, change);
  }
  watcher.changed("b", undefined, change);
  watcher.ready();
  expect(await outcome).toEqual(["a", "c"]);
  expect(bucket.closed).toEqual(["closed"]);
  expect(clock.planned()).toBe(0);
});

it("throws LOG_UNREACHABLE after a silence, and closes the watch", async () => {
  const { clock, bucket, outcome } = begin();
  (await bucket.opened).changed("a", entry, change);
  await clock.advance(10_000);
  expect(await outcome).toBe("LOG_UNREACHABLE");
  expect(bucket.closed).toEqual(["closed"]);
});

it("throws LOG_UNREACHABLE when the watch does not catch up with the bucket's leader", async () => {
  const { clock, bucket, outcome } = begin(() => new Promise(() => {}));
  (await bucket.opened).ready();
  await clock.settle();
  (await bucket.opened).changed("a", entry, change);
  await clock.advance(10_000);
  expect(await outcome).toBe("LOG_UNREACHABLE");
});

it("ends at once with what has arrived when the signal fires", async () => {
  const { clock, bucket, end, outcome } = begin();
  (await bucket.opened).changed("a", entry, change);
  await clock.settle();
  end.abort();
  expect(await outcome).toEqual(["a"]);
  expect(clock.planned()).toBe(0);
  expect(bucket.closed).toEqual(["closed"]);
});
