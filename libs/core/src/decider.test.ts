import { expect, it } from "vitest";
import { decideWith, type Moment, writable } from "./decider.ts";

interface Bag {
  readonly items: ReadonlyMap<number, string>;
}
type Put = { readonly type: "Put"; readonly v: 1; readonly data: number };

it("a decision copies once what its events change, and leaves the previous state unchanged", () => {
  const before: Bag = { items: new Map([[0, "old"]]) };
  let copies = 0;
  const evolve = (bag: Bag | undefined, { data }: Put, moment: Moment): Bag => {
    const items = bag?.items ?? new Map<number, string>();
    const mine = writable(items, moment);
    if (mine !== items) copies++;
    return { items: mine.set(data, "new") };
  };
  const decision = decideWith<Bag, Put>(evolve, before, {
    now: 0,
    decide: (draft) => {
      for (let data = 0; data < 1000; data++) draft.emit({ type: "Put", v: 1, data });
      expect(draft.state?.items.size).toBe(1000);
    },
  });
  expect(decision.ok && decision.events.length).toBe(1000);
  expect(copies).toBe(1);
  expect(before.items).toEqual(new Map([[0, "old"]]));
});
