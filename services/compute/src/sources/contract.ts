import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type InputRoom, taskRoom } from "./room.ts";
import type { FetchRequest, Source } from "./source.ts";

/** How a source is asked for each behaviour: params as in a job, not yet parsed. A missing function skips its tests. */
export interface ParamMakers {
  /** Fetches one file with exactly these bytes. */
  readonly file: (bytes: Buffer) => Promise<object>;
  /** Fetches a folder with one file `inside.txt` that contains this text. */
  readonly folder?: (text: string) => Promise<object>;
  /** Params that are invalid. */
  readonly invalid: () => object;
  /** Params that are valid, and that the source refuses before a bid. */
  readonly refused?: () => object;
  /** Params that are valid and not refused, but whose input cannot be fetched. */
  readonly absent?: () => object;
}

/** The parameters of the contract. */
export interface SourceHarness {
  readonly source: () => Source | Promise<Source>;
  readonly makers: ParamMakers;
  /** True when it writes into the folder it is given, so that limits apply. */
  readonly copies: boolean;
  /** Why the whole suite cannot run here; undefined when it can. */
  readonly missing?: string | undefined;
}

/** The suite that every source passes; called from a test file beside the source. */
export function sourceContract(name: string, harness: SourceHarness): void {
  const title = `${name}, as a source${harness.missing === undefined ? "" : ` (skipped: ${harness.missing})`}`;
  describe.skipIf(harness.missing !== undefined)(title, () => {
    const stage = onStage(harness);
    describesItself(stage, harness.makers);
    bringsIn(stage, harness);
    refusesBadParams(stage, harness.makers);
    if (harness.copies) keepsLimits(stage, harness.makers);
  });
}

const roomFor = (bytes: number): InputRoom => taskRoom({ inputBytes: bytes, taskBytes: bytes }).input();

type SourceFixture = () => Promise<{
  source: Source;
  request: (params: object, more?: Partial<FetchRequest>) => Promise<FetchRequest>;
}>;

function onStage(harness: SourceHarness): SourceFixture {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-source-"));
  });
  let open: Source[] = [];
  afterEach(async () => {
    for (const source of open) await source.close();
    open = [];
    await rm(root, { recursive: true, force: true });
  });
  return async () => {
    const source = await harness.source();
    open.push(source);
    let serial = 0;
    const request = async (params: object, more: Partial<FetchRequest> = {}): Promise<FetchRequest> => {
      serial += 1;
      const folder = join(root, `input-${serial}`);
      await mkdir(folder);
      const signal = new AbortController().signal;
      const partition = { index: 0, count: 1 };
      // 1 MiB: more than any file of this contract.
      const base = { namespace: "default", params: source.params.parse(params), partition, folder, signal };
      return { ...base, room: roomFor(1024 * 1024), ...more };
    };
    return { source, request };
  };
}

function describesItself(stage: SourceFixture, makers: ParamMakers): void {
  it("has a name in lower case and is available", async () => {
    const { source } = await stage();
    expect(source.name).toBe(source.name.toLowerCase());
    expect(await source.unavailable()).toBeUndefined();
  });
  it("does not parse invalid params", async () => {
    const { source } = await stage();
    expect(source.params.safeParse(makers.invalid()).success).toBe(false);
  });
  it("parses its own parsed params", async () => {
    const { source } = await stage();
    const once = source.params.parse(await makers.file(Buffer.from("x")));
    expect(source.params.parse(once)).toEqual(once);
  });
  it("leaves what it has fetched when it is closed, and can be closed twice", async () => {
    const { source, request } = await stage();
    const { hostPath, held } = await source.fetch(await request(await makers.file(Buffer.from("open"))));
    await source.close();
    await source.close();
    expect(await readFile(hostPath, "utf8")).toBe("open");
    await held?.close();
  });
}

// Every byte value, and an empty file.
const contents = [Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), Buffer.alloc(0)];

function bringsIn(stage: SourceFixture, { makers, copies }: SourceHarness): void {
  it.each(contents)("fetches a file byte for byte", async (bytes) => {
    const { source, request } = await stage();
    const fetchRequest = await request(await makers.file(bytes));
    expect(await source.refuses(fetchRequest.params)).toBeUndefined();
    const fetched = await source.fetch(fetchRequest);
    expect(await readFile(fetched.hostPath)).toEqual(bytes);
    expect(fetched.sizeBytes).toBe(copies ? bytes.length : 0);
    expect(fetched.hostPath.startsWith(fetchRequest.folder)).toBe(copies);
    expect(fetched.readOnly).toBe(true);
    await fetched.held?.close();
  });
  it("fetches the same input twice concurrently", async () => {
    const { source, request } = await stage();
    const params = await makers.file(Buffer.from("twice"));
    const fetchRequests = [await request(params), await request(params)];
    const fetched = await Promise.all(fetchRequests.map((fetchRequest) => source.fetch(fetchRequest)));
    const paths = fetched.map(({ hostPath }) => hostPath);
    for (const { held } of fetched) await held?.close();
    expect(await Promise.all(paths.map((path) => readFile(path, "utf8")))).toEqual(["twice", "twice"]);
  });
  const { folder } = makers;
  if (folder === undefined) return;
  it("fetches a folder", async () => {
    const { source, request } = await stage();
    const { hostPath, held } = await source.fetch(await request(await folder("inside")));
    await held?.close();
    expect((await stat(hostPath)).isDirectory()).toBe(true);
    expect(await readFile(join(hostPath, "inside.txt"), "utf8")).toBe("inside");
  });
}

function refusesBadParams(stage: SourceFixture, makers: ParamMakers): void {
  it("fetches nothing once its signal has fired", async () => {
    const { source, request } = await stage();
    const fetchRequest = await request(await makers.file(Buffer.from("x")), { signal: AbortSignal.abort() });
    await expect(source.fetch(fetchRequest)).rejects.toMatchObject({ name: "Fault", code: "STOPPED" });
  });
  const { refused, absent } = makers;
  if (refused !== undefined) {
    it("refuses with a sentence, and does not fetch what it refuses", async () => {
      const { source, request } = await stage();
      const fetchRequest = await request(refused());
      expect(await source.refuses(fetchRequest.params)).toMatch(/\w+ \w+/);
      await expect(source.fetch(fetchRequest)).rejects.toBeInstanceOf(Fault);
    });
  }
  if (absent !== undefined) {
    it("throws a Fault when the input does not exist", async () => {
      const { source, request } = await stage();
      await expect(source.fetch(await request(absent()))).rejects.toBeInstanceOf(Fault);
    });
  }
}

function keepsLimits(stage: SourceFixture, makers: ParamMakers): void {
  it("fetches an input at the limit, and nothing larger", async () => {
    const { source, request } = await stage();
    const params = await makers.file(Buffer.alloc(100));
    expect((await source.fetch(await request(params, { room: roomFor(100) }))).sizeBytes).toBe(100);
    await expect(source.fetch(await request(params, { room: roomFor(99) }))).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
  });
}
