import { Bug, type Logger, silentLogger } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import { closeParts, type NodePart, partRegistry } from "./parts.ts";

const part = (name: string, close = async () => {}): NodePart => ({
  name,
  params: z.strictObject({}),
  unavailable: async () => undefined,
  close,
});
const ports = { clock: createManualClock(), logger: silentLogger };

it("a disabled part is not created", () => {
  const created: string[] = [];
  const create = (name: string) => () => {
    created.push(name);
    return part(name);
  };
  const createSaws = partRegistry("saw", { jig: create("jig"), band: create("band") });
  expect(createSaws({ disabled: ["jig"] }, ports).names).toEqual(["band"]);
  expect(created).toEqual(["band"]);
});

it("a part is registered under its own name only", () => {
  const createSaws = partRegistry("saw", { jig: () => part("band") });
  expect(() => createSaws({ disabled: [] }, ports)).toThrow(Bug);
});

it("every part is closed, and one that cannot be closed is logged", async () => {
  const closed: string[] = [];
  const warnings: unknown[] = [];
  const logger: Logger = { ...silentLogger, warn: (facts) => void warnings.push(facts) };
  const stuck = part("stuck", () => Promise.reject(new Error("the socket is gone")));
  await closeParts(
    [part("one", async () => void closed.push("one")), stuck, part("two", async () => void closed.push("two"))],
    logger,
  );
  expect(closed).toEqual(["one", "two"]);
  expect(warnings).toEqual([{ part: "stuck", why: "the socket is gone" }]);
});
