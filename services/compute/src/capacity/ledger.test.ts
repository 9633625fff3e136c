import { createManualClock } from "@shoal/core/testing";
import { addResources, noResources, type Resources, shortage } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { announceMs, createLedger, holdMs } from "./ledger.ts";

const capacity: Resources = { cpuCores: 4, memoryBytes: 1_000, diskBytes: 0, gpus: 1 };
const slotsMax = 8;
const one: Resources = { cpuCores: 1, memoryBytes: 100, diskBytes: 0, gpus: 0 };

function opened() {
  const clock = createManualClock(0);
  let freed = 0;
  const ledger = createLedger({ clock, capacity, slotsMax, freed: () => freed++ });
  return { clock, ledger, freed: () => freed };
}

describe("a ledger", () => {
  it("holds as many as fit, and explains why one more does not", () => {
    const { ledger } = opened();
    expect(ledger.hold("a", one, 9)).toEqual({ slots: 4, holdUntil: holdMs });
    expect(ledger.hold("b", one, 1)).toEqual({ slots: 0, why: "needs 1 cpuCores, 0 are free" });
  });

  it("bounds asks without resources by their slots", () => {
    const { ledger } = opened();
    expect(ledger.hold("a", noResources, 100)).toMatchObject({ slots: slotsMax });
    expect(ledger.hold("b", noResources, 1)).toMatchObject({ slots: 0, why: `all ${slotsMax} slots are in use` });
  });

  it("gives the same ask the same answer", () => {
    const { ledger } = opened();
    expect(ledger.hold("a", one, 2)).toEqual(ledger.hold("a", one, 2));
    expect(ledger.available().cpuCores).toBe(2);
  });

  it("turns a held slot into an execution's resources when nothing else is free", () => {
    const { ledger } = opened();
    ledger.hold("a", one, 4);
    expect(ledger.take("e-1", "a", one)).toBeUndefined();
    expect(ledger.take("e-2", "other", one)).toBe("needs 1 cpuCores, 0 are free");
    expect(ledger.available().cpuCores).toBe(0);
    expect(ledger.taken()).toBe(1);
  });

  it("takes an execution without a hold if it fits", async () => {
    const { ledger, clock } = opened();
    ledger.hold("a", one, 4);
    await clock.advance(holdMs);
    expect(ledger.available()).toEqual(capacity);
    expect(ledger.take("e-1", "a", one)).toBeUndefined();
  });

  it("does not take a smaller hold for a larger execution", () => {
    const { ledger } = opened();
    ledger.hold("a", one, 1);
    expect(ledger.take("e-1", "a", { ...one, cpuCores: 4 })).toBe("needs 4 cpuCores, 3 are free");
  });

  it("expires the rest of a hold, and keeps what was taken", async () => {
    const { ledger, clock } = opened();
    ledger.hold("a", one, 3);
    ledger.take("e-1", "a", one);
    expect(ledger.available().cpuCores).toBe(1);
    await clock.advance(holdMs);
    expect(ledger.available().cpuCores).toBe(3);
  });

  it("leaves no rounding errors behind", () => {
    const { ledger } = opened();
    const third = { ...noResources, cpuCores: 1 / 3 };
    ledger.hold("a", third, 3);
    for (const id of ["e-1", "e-2", "e-3"]) ledger.take(id, "a", third);
    for (const id of ["e-1", "e-2", "e-3"]) ledger.settle(id);
    expect(ledger.available()).toEqual(capacity);
  });

  it("counts resumed executions, whether or not they fit", () => {
    const { ledger } = opened();
    ledger.adopt("e-1", { ...one, cpuCores: 5 });
    expect(ledger.available().cpuCores).toBe(0);
    ledger.settle("e-1");
    expect(ledger.available()).toEqual(capacity);
  });

  it("releases the given number of slots of a hold, and keeps the others", () => {
    const { ledger } = opened();
    ledger.hold("a", one, 3);
    ledger.take("e-1", "a", one);
    const before = ledger.available().cpuCores;
    ledger.release("a", 1);
    expect(ledger.available().cpuCores).toBe(before + one.cpuCores);
    expect(ledger.take("e-2", "a", one)).toBeUndefined();
    expect(ledger.available().cpuCores).toBe(before + one.cpuCores);
    ledger.release("a", 9);
    expect(ledger.available().cpuCores).toBe(before + one.cpuCores);
  });

  it("announces free resources only for a minute after the last refusal", async () => {
    const { ledger, clock, freed } = opened();
    ledger.hold("a", one, 4);
    ledger.release("a");
    expect(freed()).toBe(0);
    ledger.hold("b", one, 4);
    ledger.hold("c", one, 1);
    await clock.advance(holdMs);
    expect(freed()).toBe(1);
    ledger.hold("d", one, 1);
    ledger.release("d");
    expect(freed()).toBe(2);
    await clock.advance(announceMs);
    ledger.hold("e", one, 1);
    ledger.release("e");
    expect(freed()).toBe(2);
  });

  it("announces free resources when an accepted ask has further slots waiting", () => {
    const { ledger, freed } = opened();
    ledger.hold("a", one, 4);
    ledger.announceFreeRoom();
    ledger.release("a");
    expect(freed()).toBe(1);
  });

  it("does not announce resources when a hold becomes an execution", () => {
    const { ledger, freed } = opened();
    ledger.hold("a", one, 4);
    ledger.hold("b", one, 1);
    ledger.take("e-1", "a", one);
    expect(freed()).toBe(0);
    ledger.settle("e-1");
    expect(freed()).toBe(1);
  });
});

const resources: fc.Arbitrary<Resources> = fc.record({
  cpuCores: fc.constantFrom(0, 0.1, 0.3333333, 1, 2.5, 5),
  memoryBytes: fc.integer({ min: 0, max: 600 }),
  diskBytes: fc.constant(0),
  gpus: fc.constantFrom(0, 1),
});
const askIds = fc.constantFrom("a-1", "a-2", "a-3");
const executionIds = fc.constantFrom("e-1", "e-2", "e-3", "e-4");
const act = fc.oneof(
  fc.record({ do: fc.constant("hold" as const), ask: askIds, each: resources, slots: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant("take" as const), ask: askIds, id: executionIds, each: resources }),
  fc.record({ do: fc.constant("release" as const), ask: askIds }),
  fc.record({ do: fc.constant("settle" as const), id: executionIds }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: holdMs }) }),
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

/** The same ledger, implemented by recounting everything each time. */
function plainBooks() {
  const holds = new Map<string, { each: Resources; slots: number; until: number }>();
  const taken = new Map<string, Resources>();
  const used = () => {
    let sum = noResources;
    for (const { each, slots } of holds.values()) sum = addResources(sum, each, slots);
    for (const each of taken.values()) sum = addResources(sum, each);
    return sum;
  };
  const slots = () => [...holds.values()].reduce((sum, hold) => sum + hold.slots, 0) + taken.size;
  return { holds, taken, used, slots };
}

describe("a ledger, after any sequence of calls", () => {
  it("is never over-committed, agrees with a recount, and ends empty", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60, size: "max" }), async (acts) => {
        const { clock, ledger } = opened();
        const books = plainBooks();
        for (const each of acts) {
          await perform(each, { clock, ledger, books });
          expect(shortage(books.used(), capacity)).toBeUndefined();
          expect(books.slots()).toBeLessThanOrEqual(slotsMax);
          expectAlmost(ledger.available(), addResources(capacity, books.used(), -1));
        }
        for (const id of books.taken.keys()) ledger.settle(id);
        await clock.advance(holdMs);
        expect(ledger.available()).toEqual(capacity);
        expect(clock.planned()).toBe(0);
      }),
    );
  });
});

// Sums of rounded fractions, added in another order, may differ in the sixth decimal place.
function expectAlmost(found: Resources, expected: Resources): void {
  expect(found.cpuCores).toBeCloseTo(expected.cpuCores, 4);
  expect({ ...found, cpuCores: 0 }).toEqual({ ...expected, cpuCores: 0 });
}

interface Tried extends Pick<ReturnType<typeof opened>, "clock" | "ledger"> {
  readonly books: ReturnType<typeof plainBooks>;
}

async function perform(each: Act, { clock, ledger, books }: Tried): Promise<void> {
  if (each.do === "hold") {
    const held = ledger.hold(each.ask, each.each, each.slots);
    const before = books.holds.get(each.ask);
    if (before !== undefined) expect(held.slots).toBe(before.slots);
    else if (held.holdUntil !== undefined) {
      expect(held.slots).toBeLessThanOrEqual(each.slots);
      books.holds.set(each.ask, { each: each.each, slots: held.slots, until: held.holdUntil });
    }
  } else if (each.do === "take") {
    const hold = books.holds.get(each.ask);
    const why = ledger.take(each.id, each.ask, each.each);
    if (why !== undefined || books.taken.has(each.id)) return;
    books.taken.set(each.id, each.each);
    if (hold === undefined || shortage(each.each, hold.each) !== undefined) return;
    hold.slots -= 1;
    if (hold.slots === 0) books.holds.delete(each.ask);
  } else if (each.do === "release") {
    ledger.release(each.ask);
    books.holds.delete(each.ask);
  } else if (each.do === "settle") {
    ledger.settle(each.id);
    books.taken.delete(each.id);
  } else {
    await clock.advance(each.ms);
    for (const [id, { until }] of books.holds) if (until <= clock.now()) books.holds.delete(id);
  }
}
