import type { ViewEntry } from "@shoal/core";
import { record } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cutProxy } from "../testing/cut-proxy.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { streamOfBucket, subjectOfKey } from "./bucket.ts";
import { encodeEntry } from "./entry-codec.ts";
import { readAll } from "./read-all.ts";
import { createViewStore } from "./view-store.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness();
  });
  afterEach(() => harness.close());

  const bucket = "assignments";

  describe("a watch through a crash of the server", () => {
    it.each([{ consumerName: "mine" }, {}])("continues, with every change and removal (%o)", async (options) => {
      const session = await harness.session();
      const writer = createViewStore(session, { bucket });
      await writer.put("n.a", { seq: 1 });
      await writer.put("n.b", { seq: 1 });
      const entries = new Map<string, ViewEntry>();
      const collected = record<string>();
      const watch = await createViewStore(await harness.session(), { bucket, ...options }).watch("n.>", {
        changed(key, value, { isAbsent }) {
          if (value === undefined) entries.delete(key);
          else entries.set(key, value);
          collected.push(`${key} ${value?.seq ?? (isAbsent ? "absent" : "removed")}`);
        },
        ready: () => collected.push("ready"),
      });
      await collected.atLeast(3);
      await harness.crash();
      await writer.remove("n.a", 2);
      await writer.put("n.b", { seq: 3 });
      await writer.put("n.c", { seq: 4 });
      await collected.first((what) => what === "n.c 4");
      expect(collected.all.filter((what) => what === "ready")).toHaveLength(2);
      expect([...entries].sort()).toEqual([
        ["n.b", { seq: 3 }],
        ["n.c", { seq: 4 }],
      ]);
      expect(collected.all).toContain("n.a removed");
      await watch.close();
    });
  });

  describe("a watch whose connection was closed", () => {
    it("reports entries that were removed without a marker", async () => {
      const proxy = await cutProxy(harness.server().port);
      const session = await harness.session();
      const far = await harness.session({ servers: [proxy.url] });
      const writer = createViewStore(session, { bucket });
      await writer.put("n.a", { seq: 1 });
      await writer.put("n.b", { seq: 2 });
      const collected = record<string>();
      const watch = await createViewStore(far, { bucket }).watch("n.>", {
        changed: (key, value, { isAbsent }) =>
          collected.push(`${key} ${value?.seq ?? (isAbsent ? "absent" : "removed")}`),
        ready: () => collected.push("ready"),
      });
      await collected.atLeast(3);
      proxy.refuse();
      const manager = await session.manager();
      await manager.streams.purge(streamOfBucket(bucket), { filter: subjectOfKey(bucket, "n.a") });
      proxy.admit();
      expect(await collected.atLeast(5)).toEqual(["n.a 1", "n.b 2", "ready", "n.a absent", "ready"]);
      await watch.close();
      await proxy.close();
    });
  });

  describe("readAll", () => {
    it("delivers every entry and nothing else, with exactly the stored bytes", async () => {
      const session = await harness.session();
      const store = createViewStore(session, { bucket });
      await Promise.all(["n.b", "n.a", "n.c"].map((key, index) => store.put(key, { seq: index + 1, key })));
      await store.remove("n.c", 9);
      await store.put("_position.3", { seq: 4 });
      const collected = async (name: string) => {
        const all: [string, Buffer | undefined][] = [];
        await readAll(session, name, {
          begins: () => all.splice(0),
          deliver: (key, bytes) => all.push([key, bytes === undefined ? undefined : Buffer.from(bytes)]),
        });
        return all.sort();
      };
      expect(await collected(bucket)).toEqual([
        ["n.a", Buffer.from(encodeEntry({ seq: 2, key: "n.a" }))],
        ["n.b", Buffer.from(encodeEntry({ seq: 1, key: "n.b" }))],
        ["n.c", undefined],
      ]);
      expect(await collected("jobs")).toEqual([]);
    });
  });
});
