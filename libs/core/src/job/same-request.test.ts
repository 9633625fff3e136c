import { expect, it } from "vitest";
import { sampleSpec } from "../testing/samples.ts";
import { isSameRequest } from "./same-request.ts";

const spec = sampleSpec();

// By hand: Bacalhau's keys, which clients and stored specs have.
const keys = ["server.installation.id", "server.instance.id", "client.installation.id", "client.instance.id"];

it.each([...keys, "bacalhau.org/requester.id"])(
  "two specs are one request whatever a server writes under the key %s",
  (key) => {
    const accepted = { ...spec, meta: { ...spec.meta, [key]: "by one requester" } };
    expect(isSameRequest(accepted, { ...spec, meta: { ...spec.meta, [key]: "by another one" } })).toBe(true);
    expect(isSameRequest(accepted, spec)).toBe(true);
  },
);

it("two specs are one request in any order of keys and case of quantities, and different ones when a user's key differs", () => {
  const withMeta = (meta: Readonly<Record<string, string>>, cpu: string) => ({
    ...spec,
    meta,
    tasks: spec.tasks.map((task) => ({ ...task, resources: { ...task.resources, cpu, memory: cpu } })),
  });
  expect(isSameRequest(withMeta({ a: "1", b: "2" }, "1Gi"), withMeta({ b: "2", a: "1" }, "1gi"))).toBe(true);
  expect(isSameRequest(withMeta({ a: "1" }, "1"), withMeta({ a: "2" }, "1"))).toBe(false);
  expect(isSameRequest(withMeta({ a: "1" }, "1"), withMeta({ a: "1" }, "2"))).toBe(false);
  expect(isSameRequest(withMeta({ a: "1" }, "1"), { ...withMeta({ a: "1" }, "1"), priority: 9 })).toBe(false);
});
