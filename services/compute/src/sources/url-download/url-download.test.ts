import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { createManualClock, createPrng, seededRandom } from "@shoal/core/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Reach } from "../../outbound/reach.ts";
import {
  breaksAfter,
  type FaultServer,
  file,
  stalls,
  startFaultServer,
  status,
} from "../../outbound/testing/fault-server.ts";
import { sourceContract } from "../contract.ts";
import { taskRoom } from "../room.ts";
import { urlDownload } from "./url-download.ts";

const onLoopback: Reach = { loopback: true, linkLocal: false };
const nowhere: Reach = { loopback: false, linkLocal: false };
let server: FaultServer;
let root = "";
let serial = 0;
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-url-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));
const path = (name = "file.txt") => {
  serial += 1;
  return `/${serial}/${name}`;
};

const clock = createManualClock();
const create = (reach = onLoopback) => urlDownload({ reach, clock, random: seededRandom(createPrng(1)) });

sourceContract("urlDownload", {
  source: () => create(),
  makers: {
    file: async (bytes) => ({ URL: server.serve(path(), file(bytes)) }),
    invalid: () => ({ URL: "file:///etc/passwd" }),
    refused: () => ({ URL: "http://169.254.169.254/latest/meta-data" }),
    absent: () => ({ URL: server.serve(path(), status(404)) }),
  },
  copies: true,
});

interface Options {
  readonly checksum?: string;
  readonly limitBytes?: number;
  readonly reach?: Reach;
  readonly signal?: AbortSignal;
}

const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const brokenAfter = 40_000;
/** Serves the first bytes, after which `fetch` breaks the connection off. */
const breaks = stalls(brokenAfter, bytes);

/** Fetches a URL; pauses between attempts pass at once, and silence only when a test lets it pass. */
async function fetch(URL: string, { checksum = "", limitBytes = 1_000_000, ...more }: Options = {}) {
  const source = create(more.reach);
  const space = taskRoom({ inputBytes: limitBytes, taskBytes: limitBytes }).input();
  let countedBytes = 0;
  const room = {
    take(more: number) {
      space.take(more);
      countedBytes += more;
      // The server breaks off when everything that it has sent has arrived here.
      if (countedBytes === brokenAfter) server.breakOff();
    },
  };
  const params = source.params.parse({ URL, ChecksumSHA256: checksum });
  const signal = more.signal ?? new AbortController().signal;
  let over = false;
  const fetching = source
    .fetch({ params, namespace: "default", partition: { index: 0, count: 1 }, folder: root, room, signal })
    .finally(() => (over = true));
  await Promise.all([fetching, passPauses(() => over)]);
  return await fetching;
}

async function passPauses(over: () => boolean): Promise<void> {
  // The longest pause between attempts; the server may be silent for longer.
  const longestMs = 8_000;
  while (!over()) {
    await setImmediate();
    const nextAt = clock.nextAt();
    if (nextAt !== undefined && nextAt - clock.now() <= longestMs) await clock.step();
  }
}

const unavailable = (why: RegExp) =>
  expect.objectContaining({ code: "INPUT_UNAVAILABLE", why: expect.stringMatching(why) });
const sha256 = createHash("sha256").update(bytes).digest();

describe("a download that breaks off", () => {
  it("continues where it was", async () => {
    const at = path();
    const url = server.serve(at, breaks, file(bytes));
    expect(await readFile((await fetch(url, { checksum: sha256.toString("hex") })).hostPath)).toEqual(bytes);
    const [first, second, ...others] = server.requests(at);
    expect(others).toEqual([]);
    expect(first?.range).toBeUndefined();
    expect(second).toMatchObject({ range: "bytes=40000-", "if-range": '"v1"' });
  });

  it("continues where it was after the server has answered with an error", async () => {
    const at = path();
    const url = server.serve(at, breaks, status(500), file(bytes));
    expect(await readFile((await fetch(url)).hostPath)).toEqual(bytes);
    expect(server.requests(at).map(({ range }) => range)).toEqual([undefined, "bytes=40000-", "bytes=40000-"]);
  });

  it("starts over when the file has changed, and counts its bytes once", async () => {
    const changed = Buffer.alloc(bytes.length, "b");
    const url = server.serve(path(), breaks, file(changed, '"v2"'));
    const { hostPath } = await fetch(url, { limitBytes: bytes.length });
    expect(await readFile(hostPath)).toEqual(changed);
  });

  it("is shorter after it has changed", async () => {
    const url = server.serve(path(), breaks, file(Buffer.from("short"), '"v2"'));
    expect(await readFile((await fetch(url)).hostPath, "utf8")).toBe("short");
  });

  it("starts over when the server cannot prove that the file is the same", async () => {
    const at = path();
    const url = server.serve(at, stalls(brokenAfter, bytes, { etag: "" }), file(bytes, ""));
    expect(await readFile((await fetch(url)).hostPath)).toEqual(bytes);
    expect(server.requests(at)[1]?.range).toBeUndefined();
  });

  it.each([
    ["another range", 206, { "content-range": "bytes 0-99999/100000", etag: '"v1"' }],
    ["a range of another version", 206, { "content-range": "bytes 40000-99999/100000", etag: '"v2"' }],
    ["416", 416, {}],
  ])("starts over when the server answers with %s", async (_, code, headers) => {
    const at = path();
    const url = server.serve(at, breaks, status(code, headers), file(bytes));
    expect(await readFile((await fetch(url)).hostPath)).toEqual(bytes);
    expect(server.requests(at)[2]?.range).toBeUndefined();
  });

  it("fails after six attempts, with the reason", async () => {
    const at = path();
    const url = server.serve(at, breaksAfter(10, bytes, ""));
    await expect(fetch(url)).rejects.toEqual(unavailable(/after 6 attempts/));
    expect(server.requests(at)).toHaveLength(6);
  });
});

describe("a server with faults", () => {
  it("is asked again after status 500", async () => {
    const url = server.serve(path(), status(500), status(503), file(bytes));
    expect(await readFile((await fetch(url)).hostPath)).toEqual(bytes);
  });

  it("is not asked again after status 403, and the message has the URL without credentials", async () => {
    const at = path();
    const url = new URL(server.serve(at, status(403)));
    [url.username, url.password, url.search] = ["user", "secret", "?X-Amz-Signature=secret"];
    const failure = await fetch(url.href).catch((thrown: unknown) => thrown);
    expect(failure).toEqual(unavailable(new RegExp(`^http://127.0.0.1:${url.port}${at}: answered 403$`)));
    expect(server.requests(at)).toHaveLength(1);
    expect(server.requests(at)[0]?.authorization).toBe(`Basic ${btoa("user:secret")}`);
  });

  it("is left when it is silent, and the download continues", async () => {
    const onStalled = () => void clock.advance(30_000);
    const url = server.serve(path(), stalls(30_000, bytes, { onStalled }), file(bytes));
    expect(await readFile((await fetch(url)).hostPath)).toEqual(bytes);
  });

  it("is left at once when the task is stopped", async () => {
    const stop = new AbortController();
    const url = server.serve(path(), stalls(30_000, bytes, { onStalled: () => stop.abort() }));
    await expect(fetch(url, { signal: stop.signal })).rejects.toMatchObject({ code: "STOPPED" });
  });

  it("cannot send more than the limit, whatever length it declares", async () => {
    const endless = path();
    const url = server.serve(endless, (_, response) => {
      const more = () => void response.write(bytes, (failure) => failure ?? more());
      more();
    });
    await expect(fetch(url, { limitBytes: 300_000 })).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect(server.requests(endless)).toHaveLength(1);
  });

  it("cannot make compressed bytes expand here", async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const at = path("bomb.gz");
    const url = server.serve(at, (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb));
    const { hostPath, sizeBytes } = await fetch(url, { limitBytes: 20_000 });
    expect(await readFile(hostPath)).toEqual(bomb);
    expect(sizeBytes).toBe(bomb.length);
    expect(server.requests(at)[0]?.["accept-encoding"]).toBe("identity");
  });
});

describe("redirects", () => {
  it("are followed, ten at most", async () => {
    const target = server.serve(path(), file(bytes));
    const chain = (length: number): string =>
      length === 0 ? target : server.serve(path(), status(302, { location: chain(length - 1) }));
    expect(await readFile((await fetch(chain(10))).hostPath)).toEqual(bytes);
    await rm(join(root, "content"));
    await expect(fetch(chain(11))).rejects.toEqual(unavailable(/redirects more than 10 times/));
  });

  it("end when they go in a circle", async () => {
    const at = path();
    const url = server.serve(at, status(301, { location: at }));
    await expect(fetch(url)).rejects.toEqual(unavailable(/redirects more than 10 times/));
    expect(server.requests(at)).toHaveLength(11);
  });

  it.each([
    ["http://169.254.169.254/latest/meta-data", /169\.254\.169\.254 is a link-local or metadata address/],
    ["http://[::ffff:169.254.169.254]/", /link-local or metadata address/],
    ["http://[fe80::1]/", /link-local or metadata address/],
    ["file:///etc/passwd", /something other than an http or https URL/],
    ["gopher://127.0.0.1/", /something other than an http or https URL/],
  ])("to %s are refused", async (location, why) => {
    await expect(fetch(server.serve(path(), status(302, { location })))).rejects.toEqual(unavailable(why));
  });
});

describe("this machine", () => {
  it.each(["127.0.0.1", "127.1", "0x7f000001", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]"])(
    "%s is refused before a bid, and by fetch, by default",
    async (host) => {
      const at = path();
      const url = new URL(server.serve(at, file(bytes)));
      const address = `http://${host}:${url.port}${at}`;
      expect(await create(nowhere).refuses(create().params.parse({ URL: address }))).toMatch(
        /outbound.loopback is off/,
      );
      await expect(fetch(address, { reach: nowhere })).rejects.toEqual(unavailable(/outbound.loopback is off/));
      expect(server.requests(at)).toEqual([]);
    },
  );

  it("is refused by name", async () => {
    const at = path();
    const { port } = new URL(server.serve(at, file(bytes)));
    await expect(fetch(`http://localhost:${port}${at}`, { reach: nowhere })).rejects.toEqual(
      unavailable(/localhost resolves to .* outbound.loopback is off/),
    );
    expect(server.requests(at)).toEqual([]);
  });
});

describe("the checksum", () => {
  it.each([sha256.toString("hex"), sha256.toString("hex").toUpperCase(), sha256.toString("base64")])(
    "%s is accepted",
    async (checksum) => {
      await fetch(server.serve(path(), file(bytes)), { checksum });
      expect(await readdir(root)).toEqual(["content"]);
    },
  );

  it("of other bytes fails the input, and names both", async () => {
    const url = server.serve(path(), file(Buffer.from("other")));
    await expect(fetch(url, { checksum: sha256.toString("hex") })).rejects.toEqual(
      unavailable(new RegExp(`expected SHA-256 ${sha256.toString("hex")}, got [0-9a-f]{64}`)),
    );
  });
});

it.each([
  ["a/b.txt?x=/y", "b.txt"],
  ["a%20b.txt", "a b.txt"],
  ["%2e%2e%2fpasswd", "download"],
  ["..%5cpasswd", "download"],
  ["", "download"],
  ["%ff", "%ff"],
  [`${"x".repeat(256)}`, "download"],
])("the file at %s is named %s", async (end, name) => {
  const at = path(end);
  const url = server.serve(new URL(at, "http://x").pathname, file(bytes));
  expect((await fetch(new URL(at, url).href)).name).toBe(name);
});
