import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NamespaceTurns } from "./namespace-turns.ts";
import { PendingQueue, type QueuePosition } from "./pending-queue.ts";

interface Named extends QueuePosition {
  readonly name: string;
}

/** Its namespace is the first letter of its name. */
const entry = (name: string, since = 0, priority = 0): Named => ({
  name,
  priority,
  since,
  namespace: name.slice(0, 1),
});
const namesOf = (queue: PendingQueue<Named>): string => [...queue.inOrder()].map(({ name }) => name).join(" ");

describe("a pending queue", () => {
  it("orders by priority, then each namespace in turn, then by age", () => {
    const queue = new PendingQueue<Named>(new NamespaceTurns());
    for (const each of [entry("a2", 2), entry("a1", 1), entry("b9", 9), entry("top", 7, 3)]) queue.add(each);
    expect(namesOf(queue)).toBe("top a1 b9 a2");
    expect(queue.first()?.name).toBe("top");
  });

  it("gives the turn to another namespace when one is taken", () => {
    const queue = new PendingQueue<Named>(new NamespaceTurns());
    const [a1, a2, b1] = [entry("a1", 1), entry("a2", 2), entry("b1", 9)];
    for (const each of [a1, a2, b1]) queue.add(each);
    queue.take(a1);
    expect(namesOf(queue)).toBe("b1 a2");
    queue.add(a1);
    expect(namesOf(queue)).toBe("b1 a1 a2");
  });

  it("loses no entry, duplicates none, and stays in order under any operations", () => {
    const position = fc.record({
      name: fc.string(),
      priority: fc.integer({ min: -2, max: 2 }),
      since: fc.integer({ min: 0, max: 5 }),
      namespace: fc.constantFrom("a", "b", "c"),
    });
    const step = fc.tuple(fc.constantFrom("add", "add", "delete", "take", "again"), position, fc.nat());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new PendingQueue<Named>(new NamespaceTurns());
        const inside = new Set<Named>();
        for (const [what, made, index] of steps) {
          const some = [...inside][index % Math.max(inside.size, 1)];
          if (what === "add") inside.add(made);
          if (what === "add") queue.add(made);
          else if (some !== undefined) {
            if (what === "again") queue.add(some);
            else {
              if (what === "take") queue.take(some);
              else queue.delete(some);
              inside.delete(some);
            }
          }
        }
        const order = [...queue.inOrder()];
        expect([queue.size, order.length, new Set(order)]).toEqual([inside.size, inside.size, inside]);
        expect(order[0]).toBe(queue.first());
        for (const [index, each] of order.entries()) {
          const next = order[index + 1];
          if (next !== undefined) expect(each.priority).toBeGreaterThanOrEqual(next.priority);
          const deferred = order.slice(index + 1).find((other) => isOfSameList(other, each));
          if (deferred !== undefined) expect(each.since).toBeLessThanOrEqual(deferred.since);
        }
      }),
    );
  });
});

const isOfSameList = (a: Named, b: Named): boolean => a.priority === b.priority && a.namespace === b.namespace;
