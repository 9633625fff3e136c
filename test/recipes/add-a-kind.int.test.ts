import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Kind, kinds, registry } from "@shoal/core";
import { acceptLoss, permissionsOfRequester } from "@shoal/nats";
import { type AggregateRef, shardOf } from "@shoal/proto";
import { afterAll, expect, it } from "vitest";
import { z } from "zod";
import { natsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { verifyPartsOf } from "../../services/requester/src/verify/open-replay.ts";
import { verifyViews } from "../../services/requester/src/verify/view-verifier.ts";
import { patienceMs, until } from "../int/in-process.ts";
import { type RunningRequester, startRequester } from "../int/start-requester.ts";

const recipe = readFileSync(new URL("../../docs/recipes/add-a-kind.md", import.meta.url), "utf8");
const core = new URL("../../libs/core/src/", import.meta.url).href;
const proto = new URL("../../libs/proto/src/mod.ts", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "recipe-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The kind in the recipe's text: the one file. */
async function kindOfRecipe(): Promise<Kind> {
  const code = /```ts\n(.*?)```/s.exec(recipe)?.[1] ?? "";
  const file = join(folder, "kind.ts");
  writeFileSync(file, code.replaceAll('"../', `"${core}`).replaceAll('"@shoal/proto"', `"${proto}"`));
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href);
  return z.object({ noticeKind: z.custom<Kind>((part) => typeof part === "object") }).parse(module).noticeKind;
}

const noticeKind = await kindOfRecipe();
// The one line.
const known = registry<Kind>("kind", [...kinds.parts, noticeKind]);

const login = { user: "requester", pass: "secret" } as const;
const admin = { user: "admin", pass: "secret" } as const;
const everything = { publish: { allow: [">"] }, subscribe: { allow: [">"] } };
const actor = { type: "client", id: "test" } as const;
const bucket = "notices";

const refOf = (id: string): AggregateRef => ({ kind: "notice", namespace: "default", id });
// In one shard, so that the commit of one proves that the entries of the other are removed.
const [first, second] = ["n-0", ...Array.from({ length: 1_000 }, (_, index) => `n-${index + 1}`)].filter(
  (id) => shardOf(id) === shardOf("n-0"),
) as [string, string];

async function post({ requester }: RunningRequester, id: string): Promise<void> {
  const command = { name: "Post", notice: { namespace: "default", id, text: `about ${id}` } };
  const { reply } = await requester.dispatcher.create({ id: `post-${id}`, aggregate: refOf(id), command, actor });
  expect(reply).toMatchObject({ ok: true });
}

const textsOf = async ({ nats }: RunningRequester, ...ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await nats.views[bucket]?.get(`default.${id}`))?.["text"]));
const positionOf = ({ nats }: RunningRequester) => nats.positions.load(bucket, shardOf(first));

it("has rights that protect its bucket, and allow a repair to cut it", () => {
  const denied = permissionsOfRequester(known).publish.deny ?? [];
  expect(denied.filter((subject) => subject.includes(`KV_${bucket}`))).toEqual([
    `$JS.API.STREAM.DELETE.KV_${bucket}`,
    `$JS.API.STREAM.UPDATE.KV_${bucket}`,
    `$JS.API.STREAM.MSG.DELETE.KV_${bucket}`,
  ]);
});

onServer(() => {
  it("gets its bucket, with ports, rights, positions, rebuild and repair, from one file and one line", async () => {
    const harness = await natsHarness({
      topology: false,
      users: [
        { user: login.user, password: login.pass, rights: permissionsOfRequester(known) },
        { user: admin.user, password: admin.pass, rights: everything },
      ],
    });
    const start = () => startRequester({ url: harness.server().url, requesterId: "r-one", kinds: known, login });
    let running = await start();
    try {
      expect(running.nats.topology.created).toContain(`KV_${bucket}`);
      await post(running, first);
      await until("the entry", async () => (await textsOf(running, first))[0] === `about ${first}`);
      await until("the position", async () => ((await positionOf(running))?.eventsSeq ?? 0) > 0);

      // The bucket is lost while the requester runs.
      const { streams } = await (await harness.session(admin)).manager();
      expect(await streams.delete(`KV_${bucket}`)).toBe(true);
      await post(running, second);
      const both = [`about ${first}`, `about ${second}`];
      const isRebuilt = async () => `${await textsOf(running, first, second)}` === `${both}`;
      // Owners compare their buckets every 20 s.
      await until("the rebuilt entries", isRebuilt, 2 * patienceMs);

      // A requester rebuilds the entries that a repair cut.
      await running.stop();
      await acceptLoss(await harness.session({ ...login, inboxPrefix: "_INBOX_requester" }), known);
      const count = { subjects_filter: `$KV.${bucket}._position.*` };
      expect((await streams.info(`KV_${bucket}`, count)).state.subjects ?? {}).toEqual({});
      running = await start();
      await until("the new position", async () => ((await positionOf(running))?.eventsSeq ?? 0) > 0);

      const withdraw = { id: "withdraw", aggregate: refOf(first), command: { name: "Withdraw" }, actor };
      expect(await running.requester.dispatcher.send(withdraw)).toMatchObject({ ok: true, changed: true });
      await until("the removal", async () => `${await textsOf(running, first, second)}` === `,about ${second}`);
      const report = await verifyViews(verifyPartsOf(running.nats, known), { recheckMs: 5_000 });
      expect(report).toMatchObject({ ok: true, entries: { [bucket]: 1 }, aggregates: { notice: 2 } });
    } finally {
      await running.stop();
      await harness.close();
    }
  });
});
