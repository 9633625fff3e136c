import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault, silentLogger } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { taskRoom } from "../sources/room.ts";
import type { Fetched, FetchRequest } from "../sources/source.ts";
import { createInputCache, type InputCache } from "./input-cache.ts";

let root = "";
let serial = 0;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-cache-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (maxBytes = 1_000): InputCache =>
  createInputCache({ folder: join(root, "cache"), maxBytes, logger: silentLogger });

interface Asking extends Partial<FetchRequest> {
  readonly key?: string;
  readonly bytes?: number;
}

/** Counts the fetches of a cache, each of which writes a file of as many bytes and one below a folder. */
function over(cache: InputCache) {
  const fetches: string[] = [];
  /** Awaited by each fetch after its first file. */
  let meanwhile = async () => {};
  async function fetch({ key = "a", bytes = 100, ...more }: Asking = {}): Promise<Fetched> {
    serial += 1;
    const folder = join(root, "executions", String(serial));
    await mkdir(folder, { recursive: true });
    const room = taskRoom({ inputBytes: 1_000, taskBytes: 1_000 }).input();
    const { signal } = new AbortController();
    const base = { namespace: "default", params: {}, partition: { index: 0, count: 1 }, folder, room, signal };
    return await cache.fetch({
      key,
      request: { ...base, ...more },
      fill: async (to) => {
        fetches.push(key);
        const hostPath = join(to.folder, "content");
        await mkdir(join(hostPath, "deep"), { recursive: true });
        to.room.take(bytes);
        await writeFile(join(hostPath, "file"), key.repeat(bytes));
        await meanwhile();
        if (to.signal.aborted) throw new Fault("STOPPED", "aborted");
        await writeFile(join(hostPath, "deep", "er"), key);
        return { hostPath, readOnly: true, sizeBytes: bytes, name: "named" };
      },
    });
  }
  return { fetch, fetches, during: (act: () => Promise<void>) => (meanwhile = act) };
}

const entries = () => readdir(join(root, "cache", "entries"));
const staged = () => readdir(join(root, "cache", "staging"));
const done = ({ hostPath }: Fetched) => rm(join(hostPath, ".."), { recursive: true });

async function textsOf({ hostPath }: Fetched): Promise<readonly string[]> {
  return await Promise.all(["file", "deep/er"].map((path) => readFile(join(hostPath, path), "utf8")));
}

describe("a content", () => {
  it("is fetched once, and is the same for a later execution and the next process", async () => {
    const { fetch, fetches } = over(open());
    const first = await fetch();
    expect(first).toMatchObject({ readOnly: true, sizeBytes: 100, name: "named" });
    expect(first.isCached).toBeUndefined();
    for (const next of [await fetch(), await over(open()).fetch()]) {
      expect(next).toMatchObject({ readOnly: true, sizeBytes: 100, name: "named", isCached: true });
      expect(await textsOf(next)).toEqual(await textsOf(first));
    }
    expect([fetches, await staged()]).toEqual([["a"], []]);
  });

  it("survives the removal of an execution's folder, and cannot be written by its group and others", async () => {
    const { fetch } = over(open());
    const first = await fetch();
    expect((await stat(join(first.hostPath, "file"))).mode & 0o222).toBe(0);
    await done(first);
    expect(await textsOf(await fetch())).toEqual(["a".repeat(100), "a"]);
  });

  it("is fetched once for executions that want it at the same time", async () => {
    const { fetch, fetches, during } = over(open());
    const { promise, resolve } = Promise.withResolvers<void>();
    during(() => promise);
    const all = [fetch(), fetch(), fetch()];
    await expect.poll(() => fetches.length).toBe(1);
    resolve();
    const fetched = await Promise.all(all);
    expect(fetched.filter(({ isCached }) => isCached === true)).toHaveLength(2);
    for (const each of fetched) expect(await textsOf(each)).toEqual(["a".repeat(100), "a"]);
    expect(fetches).toEqual(["a"]);
  });

  it("is fetched to its end for the others when one execution stops, and not when all do", async () => {
    const { fetch, fetches, during } = over(open());
    const gate = { ...Promise.withResolvers<void>() };
    during(() => gate.promise);
    const [stop, stopOther] = [new AbortController(), new AbortController()];
    const first = fetch({ signal: stop.signal });
    await expect.poll(() => fetches.length).toBe(1);
    const other = fetch({ signal: stopOther.signal });
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: "STOPPED" });
    gate.resolve();
    expect(await textsOf(await other)).toEqual(["a".repeat(100), "a"]);

    const last = Promise.withResolvers<void>();
    during(() => last.promise);
    const stopLast = new AbortController();
    const alone = fetch({ key: "b", signal: stopLast.signal });
    await expect.poll(() => fetches.length).toBe(2);
    stopLast.abort();
    await expect(alone).rejects.toMatchObject({ code: "STOPPED" });
    // A new execution does not join a fetch that is being aborted.
    during(async () => {});
    const next = fetch({ key: "b" });
    last.resolve();
    expect(await textsOf(await next)).toEqual(["b".repeat(100), "b"]);
    await expect.poll(staged).toEqual([]);
  });

  it("counts in the room of each execution, stored or on its way", async () => {
    const { fetch, fetches, during } = over(open());
    const { promise, resolve } = Promise.withResolvers<void>();
    during(() => promise);
    const small = () => taskRoom({ inputBytes: 99, taskBytes: 99 }).input();
    const wide = fetch();
    await expect.poll(() => fetches.length).toBe(1);
    await expect(fetch({ room: small() })).rejects.toMatchObject({ code: "TOO_LARGE" });
    resolve();
    await wide;
    await expect(fetch({ room: small() })).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("fails for all as its fetch fails, and the next execution tries again", async () => {
    const { fetch, fetches, during } = over(open());
    during(async () => {
      throw new Fault("INPUT_UNAVAILABLE", "gone");
    });
    const all = await Promise.allSettled([fetch(), fetch()]);
    expect(all.map((end) => (end.status === "rejected" ? end.reason.code : ""))).toEqual([
      "INPUT_UNAVAILABLE",
      "INPUT_UNAVAILABLE",
    ]);
    expect([await entries(), await staged()]).toEqual([[], []]);
    during(async () => {});
    const before = fetches.length;
    await fetch();
    expect(fetches).toHaveLength(before + 1);
  });
});

describe("the limit", () => {
  it("removes the least recently used contents, and never one in use", async () => {
    const cache = open(250);
    const { fetch, fetches } = over(cache);
    const used = await fetch({ key: "a" });
    await done(await fetch({ key: "b" }));
    await done(await fetch({ key: "c" }));
    expect(await entries()).toHaveLength(2);
    await fetch({ key: "a" });
    expect(fetches).toEqual(["a", "b", "c"]);
    await done(await fetch({ key: "b" }));
    expect(fetches).toEqual(["a", "b", "c", "b"]);
    expect(await textsOf(used)).toEqual(["a".repeat(100), "a"]);
  });

  it("knows after a restart what is in use and what was used last", async () => {
    const { fetch } = over(open(250));
    const used = await fetch({ key: "a" });
    await done(await fetch({ key: "b" }));
    const next = over(open(250));
    await done(await next.fetch({ key: "c" }));
    await done(await next.fetch({ key: "a" }));
    expect(next.fetches).toEqual(["c"]);
    expect(await textsOf(used)).toEqual(["a".repeat(100), "a"]);
  });

  it("lets an input through that it has no room for", async () => {
    const { fetch, fetches } = over(open(150));
    const used = await fetch({ key: "a" });
    expect(await textsOf(await fetch({ key: "b" }))).toEqual(["b".repeat(100), "b"]);
    expect(await textsOf(await fetch({ key: "c", bytes: 200 }))).toEqual(["c".repeat(200), "c"]);
    expect([fetches, (await entries()).length]).toEqual([["a", "b", "c"], 1]);
    expect(await textsOf(used)).toEqual(["a".repeat(100), "a"]);
    await expect.poll(staged).toEqual([]);
  });

  it("of a later process may be lower", async () => {
    const { fetch } = over(open(1_000));
    for (const key of ["a", "b", "c"]) await done(await fetch({ key }));
    await over(open(150)).fetch({ key: "c" });
    expect(await entries()).toHaveLength(1);
  });
});

describe("what another process left", () => {
  it.each([
    ["a file that was cut", (entry: string) => truncated(join(entry, "content", "content", "file"))],
    ["a file that is missing", (entry: string) => rm(join(entry, "content", "content", "deep", "er"))],
  ])("is not served with %s", async (_what, harm) => {
    await done(await over(open()).fetch());
    const [id = ""] = await entries();
    await harm(join(root, "cache", "entries", id));
    const { fetch, fetches } = over(open());
    expect(await textsOf(await fetch())).toEqual(["a".repeat(100), "a"]);
    expect(fetches).toEqual(["a"]);
  });

  it.each(["{", "{}", undefined])("is removed with the manifest %o", async (text) => {
    await done(await over(open()).fetch());
    const [id = ""] = await entries();
    const manifest = join(root, "cache", "entries", id, "entry.json");
    await (text === undefined ? rm(manifest) : writeFile(manifest, text));
    const { fetch, fetches } = over(open());
    expect(await textsOf(await fetch())).toEqual(["a".repeat(100), "a"]);
    expect(fetches).toEqual(["a"]);
  });

  it("is whole or absent, wherever a process is killed", async () => {
    // Each run is killed before its nth call that changes the disk.
    for (let nth = 1; nth <= killPoints; nth++) {
      const folder = join(root, `killed-${nth}`);
      const { signal } = spawnSync(process.execPath, [
        join(import.meta.dirname, "testing", "killed-fill.ts"),
        folder,
        String(nth),
      ]);
      const cache = createInputCache({ folder: join(folder, "cache"), maxBytes: 1_000, logger: silentLogger });
      const fetched = await over(cache).fetch({ key: "a" });
      expect([nth, await textsOf(fetched)]).toEqual([nth, ["a".repeat(100), "a"]]);
      if (signal === null) return;
    }
    expect.unreachable("the last run was to end without a kill");
  });
});

// More than the calls of one fill, so that the last run ends by itself.
const killPoints = 60;

async function truncated(path: string): Promise<void> {
  await chmod(path, 0o600);
  await truncate(path, 10);
}
