import type { ViewEntry } from "@shoal/core";
import { heard } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cutProxy } from "../testing/cut-proxy.ts";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { streamOfBucket, subjectOfKey } from "./bucket.ts";
import { encodeEntry } from "./entry-codec.ts";
import { readAll } from "./read-all.ts";
import { createViewStore } from "./view-store.ts";

onServer(() => {
  let bench: NatsBench;
  beforeEach(async () => {
    bench = await natsBench();
  });
  afterEach(() => bench.close());

  const bucket = "assignments";

  describe("a watch through a crash of the server", () => {
    it.each([{ consumerName: "mine" }, {}])("goes on, with everything that changed and went (%o)", async (options) => {
      const link = await bench.link();
      const writer = createViewStore(link, { bucket });
      await writer.put("n.a", { seq: 1 });
      await writer.put("n.b", { seq: 1 });
      const entries = new Map<string, ViewEntry>();
      const told = heard<string>();
      const watch = await createViewStore(await bench.link(), { bucket, ...options }).watch("n.>", {
        changed(key, value, { isAbsent }) {
          if (value === undefined) entries.delete(key);
          else entries.set(key, value);
          told.tell(`${key} ${value?.seq ?? (isAbsent ? "absent" : "removed")}`);
        },
        ready: () => told.tell("ready"),
      });
      await told.atLeast(3);
      await bench.crash();
      await writer.remove("n.a", 2);
      await writer.put("n.b", { seq: 3 });
      await writer.put("n.c", { seq: 4 });
      await told.first((what) => what === "n.c 4");
      expect(told.all.filter((what) => what === "ready")).toHaveLength(2);
      expect([...entries].sort()).toEqual([
        ["n.b", { seq: 3 }],
        ["n.c", { seq: 4 }],
      ]);
      expect(told.all).toContain("n.a removed");
      await watch.close();
    });
  });

  describe("a watch whose connection was away", () => {
    it("tells of entries that vanished without leaving a mark", async () => {
      const proxy = await cutProxy(bench.server().port);
      const link = await bench.link();
      const far = await bench.link({ servers: [proxy.url] });
      const writer = createViewStore(link, { bucket });
      await writer.put("n.a", { seq: 1 });
      await writer.put("n.b", { seq: 2 });
      const told = heard<string>();
      const watch = await createViewStore(far, { bucket }).watch("n.>", {
        changed: (key, value, { isAbsent }) => told.tell(`${key} ${value?.seq ?? (isAbsent ? "absent" : "removed")}`),
        ready: () => told.tell("ready"),
      });
      await told.atLeast(3);
      proxy.refuse();
      const manager = await link.manager();
      await manager.streams.purge(streamOfBucket(bucket), { filter: subjectOfKey(bucket, "n.a") });
      proxy.admit();
      expect(await told.atLeast(5)).toEqual(["n.a 1", "n.b 2", "ready", "n.a absent", "ready"]);
      await watch.close();
      await proxy.close();
    });
  });

  describe("readAll", () => {
    it("tells every entry, and nothing else, with exactly the bytes that were put", async () => {
      const link = await bench.link();
      const store = createViewStore(link, { bucket });
      await Promise.all(["n.b", "n.a", "n.c"].map((key, index) => store.put(key, { seq: index + 1, key })));
      await store.remove("n.c", 9);
      await store.put("_position.3", { seq: 4 });
      const told = async (name: string) => {
        const all: [string, Buffer | undefined][] = [];
        await readAll(link, name, {
          begins: () => all.splice(0),
          deliver: (key, bytes) => all.push([key, bytes === undefined ? undefined : Buffer.from(bytes)]),
        });
        return all.sort();
      };
      expect(await told(bucket)).toEqual([
        ["n.a", Buffer.from(encodeEntry({ seq: 2, key: "n.a" }))],
        ["n.b", Buffer.from(encodeEntry({ seq: 1, key: "n.b" }))],
        ["n.c", undefined],
      ]);
      expect(await told("jobs")).toEqual([]);
    });
  });
});
