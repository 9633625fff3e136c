import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@shoal/client";
import { findServer, type RunningServer, startServer } from "@shoal/nats";
import { type Anchor, openReplay, type ReplayReport, repairLog, serveRequester } from "@shoal/requester";
import { afterEach, beforeEach, expect, it } from "vitest";

let root = "";
let server: RunningServer;
const stopping: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-cut-"));
  server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
});
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

const nats = () => ({ env: {}, flags: { "nats.url": server.url } });

/** A requester that runs, or has failed before `ready` is awaited. */
function serve(name: string) {
  const quit = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<string>();
  const flags = { ...nats().flags, dataDir: join(root, name), "http.port": "0", "log.level": "silent" };
  const ended = serveRequester({
    given: { env: {}, flags: { ...flags, requesterId: name, positionsMs: "10" } },
    quit: quit.promise,
    onReady: ({ api }) => ready.resolve(api),
  });
  ended.catch(ready.reject);
  ready.promise.catch(() => undefined); // Some tests do not await it.
  const stop = async () => {
    quit.resolve();
    await ended;
  };
  stopping.push(() => stop().catch(() => undefined));
  return { ended, stop, client: async () => createClient({ endpoints: [await ready.promise] }) };
}

async function replayed(expectAt?: Anchor): Promise<ReplayReport> {
  const opened = await openReplay(nats());
  return await opened.run(expectAt === undefined ? {} : { expect: expectAt }).finally(() => opened.close());
}

/** Changes one byte in the middle of the log's file, as a bad disk does; without its index the server cuts the log there. */
async function cut(): Promise<void> {
  const { port } = server;
  await server.stop();
  const folder = join(root, "nats/jetstream/jetstream/$G/streams/EVENTS/msgs");
  const file = join(folder, "1.blk");
  const bytes = await readFile(file);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  await writeFile(file, bytes);
  await rm(join(folder, "index.db"));
  server = await startServer(await findServer(), { dataDir: join(root, "nats"), port });
}

const job = { type: "batch", tasks: [{ name: "main", engine: { type: "noop" } }] };
const whys = ({ problems }: ReplayReport) => problems.first.map(({ why }) => why).join("\n");

it("stops a requester whose log was cut, prevents others from starting, and continues when the loss is accepted", async () => {
  const running = serve("r-1");
  const client = await running.client();
  const submitted: string[] = [];
  for (let n = 0; n < 8; n++) submitted.push((await client.submit(job)).jobId);
  // Each is submitted and then queued, because there is no node.
  await expect.poll(async () => (await replayed()).commits, { timeout: 180_000 }).toBe(2 * submitted.length);
  const whole = await replayed();
  expect(whole).toMatchObject({ ok: true, aggregates: { job: 8 } });
  expect(await replayed(whole.anchor)).toMatchObject({ ok: true });

  const ended = expect(running.ended).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  await cut();
  await ended;

  const found = await replayed(whole.anchor);
  expect(found.ok).toBe(false);
  expect(found.upTo).toBeLessThan(whole.upTo);
  expect(whys(found)).toContain("it was cut");
  expect(whys(found)).toContain(`expected ${whole.anchor.seq}:${whole.anchor.hash}, got no position`);
  // One detects it by the views, one also by its index.
  for (const name of ["r-1", "r-2"])
    await expect(serve(name).ended).rejects.toMatchObject({
      code: "LOG_DAMAGED",
      message: expect.stringMatching(/the log ends at \d+, but position \d+ is known to .*shoal repair --accept-loss/),
    });

  const { record } = await repairLog(nats());
  expect(record).toMatchObject({ endsAt: found.upTo, knownSeq: whole.upTo });
  const reopened = await serve("r-1").client();
  const { jobId } = await reopened.submit(job);
  await expect.poll(async () => (await replayed()).ok, { timeout: 180_000 }).toBe(true);
  const saved = await replayed();
  expect(saved.upTo).toBeGreaterThan(found.upTo);
  const listed = (await reopened.jobs({})).items.map(({ id }) => id);
  expect(listed).toContain(jobId);
  expect(listed).toHaveLength(saved.aggregates["job"] ?? 0);
  expect(submitted.filter((id) => listed.includes(id))).toHaveLength((saved.aggregates["job"] ?? 0) - 1);
});

it("detects a cut log by its index when the views were restored with the log", async () => {
  const first = serve("r-1");
  for (let n = 0; n < 3; n++) await (await first.client()).submit(job);
  await replayed();
  await first.stop();
  const { port } = server;
  await server.stop();
  // All data of the server is old, as after the restore of a backup.
  await rm(join(root, "nats/jetstream"), { recursive: true });
  server = await startServer(await findServer(), { dataDir: join(root, "nats"), port });
  await expect(serve("r-1").ended).rejects.toMatchObject({
    code: "LOG_DAMAGED",
    message: expect.stringContaining(`is known to the index in ${join(root, "r-1")}`),
  });
  await repairLog(nats());
  await (await serve("r-1").client()).submit(job);
});

it("accepts no loss while a requester runs", async () => {
  await serve("r-1").client();
  await expect(repairLog(nats())).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("expected no requester to run, got requester.r-1"),
  });
});
