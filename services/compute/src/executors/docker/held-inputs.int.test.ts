import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, realpath, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { local } from "../../sources/local/local.ts";
import type { Input } from "../executor.ts";
import { engineHarness, enginePath } from "./testing/engine-harness.ts";
import { severableSocket } from "./testing/severable-socket.ts";

const harness = await engineHarness("held");
const { engine, missing } = harness;
afterAll(() => harness.close());

const sh = (script: string) => ({ Entrypoint: ["/bin/sh", "-c", script] });
const suite = missing === undefined ? "an input of the node" : `an input of the node (skipped: ${missing})`;
let serial = 0;

/** Folders of the host: tasks may write `shared`, and may not access `outside`. */
async function host() {
  serial += 1;
  const root = await realpath(await harness.folder(`host-${serial}`));
  for (const name of ["shared", "shared/dir", "outside"]) await mkdir(join(root, name));
  await writeFile(join(root, "shared/dir/text"), "judged");
  await writeFile(join(root, "outside/text"), "secret");
  /** Fetches a path with the local source. */
  const bring = async (
    path: string,
    rights: "rw" | "ro",
    ReadWrite = false,
  ): Promise<Input & Required<Pick<Input, "held">>> => {
    const source = local({ allow: [`${root}/shared/**:${rights}`] });
    const { hostPath, held, readOnly } = await source.fetch({
      params: source.params.parse({ SourcePath: join(root, path), ReadWrite }),
      partition: { index: 0, count: 1 },
      folder: root,
      namespace: "default",
      room: { take: () => {} },
      signal: new AbortController().signal,
    });
    if (held === undefined) throw new Error("expected the source to hold what it judged");
    return { hostPath, held, readOnly, target: "/in" };
  };
  /** Replaces this path with a link to another one, as another task with `shared` can. */
  const swap = async (path: string, to: string) => {
    await rename(join(root, path), join(root, "was"));
    await symlink(join(root, to), join(root, path));
  };
  return { root, bring, swap };
}

/** Runs a script with one input and returns its output. */
async function outcome(input: Input, script: string): Promise<{ code: number; stdout: string }> {
  const workload = harness.workload(sh(script), { inputs: [input], folder: await harness.folder(`work-${serial}`) });
  const { exitCode } = await (await harness.executor().start(workload)).exit;
  return { code: exitCode, stdout: workload.printed("stdout") };
}

const volumes = async () => (await engine.listVolumes()).Volumes.map(({ Name }) => Name);

describe.skipIf(missing !== undefined)(suite, () => {
  it("is the checked folder when a link replaces it before the mount", async () => {
    const { bring, swap } = await host();
    const input = await bring("shared/dir", "rw");
    await swap("shared/dir", "outside");
    expect(await outcome(input, "cat /in/text")).toEqual({ code: 0, stdout: "judged" });
    await input.held.close();
  });

  it("is the checked folder when a link to the root replaces a parent", async () => {
    const { bring, swap } = await host();
    const input = await bring("shared/dir", "rw");
    await swap("shared", "../../../..");
    expect(await outcome(input, "cat /in/text; ls /in")).toEqual({ code: 0, stdout: "judgedtext\n" });
    await input.held.close();
  });

  it("is read-only unless requested otherwise, also when it is mounted by its descriptor", async () => {
    const { bring } = await host();
    await harness.executor().sweep(new Set());
    const before = await volumes();
    const locked = await bring("shared/dir", "rw");
    expect(locked.held.steady).toBe(false);
    expect((await outcome(locked, "echo new > /in/text")).code).not.toBe(0);
    expect((await outcome(locked, "echo new > /in/other")).code).not.toBe(0);
    await locked.held.close();
    const open = await bring("shared/dir", "rw", true);
    expect(await outcome(open, "echo -n new > /in/text && cat /in/text")).toEqual({ code: 0, stdout: "new" });
    await open.held.close();
    await harness.executor().sweep(new Set());
    // The anonymous volumes of the descriptors are removed with their containers.
    expect(await volumes()).toEqual(before);
  });

  it("does not get the image's files at its target", async () => {
    const { bring, root } = await host();
    await mkdir(join(root, "shared/empty"));
    const input = { ...(await bring("shared/empty", "rw", true)), target: "/bin" };
    await outcome(input, "true");
    expect(await readdir(join(root, "shared/empty"))).toEqual([]);
    await input.held.close();
  });

  it("is the single checked file when a link replaces it", async () => {
    const { bring, swap } = await host();
    const file = await bring("shared/dir/text", "rw");
    expect(file.held.steady).toBe(false);
    expect(await outcome(file, "cat /in")).toEqual({ code: 0, stdout: "judged" });
    await swap("shared/dir/text", "outside/text");
    expect(await outcome(file, "cat /in")).toEqual({ code: 0, stdout: "judged" });
    await file.held.close();
  });

  it("is the single file to be written, or none", async () => {
    const { bring, swap, root } = await host();
    const file = await bring("shared/dir/text", "rw", true);
    expect(await outcome(file, "echo -n new > /in")).toEqual({ code: 0, stdout: "" });
    expect(await readFile(join(root, "shared/dir/text"), "utf8")).toBe("new");
    await swap("shared/dir/text", "outside/text");
    await expect(outcome(file, "echo -n new > /in")).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      why: expect.stringContaining("it was replaced after the check"),
    });
    expect(await readFile(join(root, "outside/text"), "utf8")).toBe("secret");
    await file.held.close();
  });

  it("is mounted by its path only where no task and no other user can replace it", async () => {
    const { bring, root } = await host();
    const steady = await bring("shared/dir", "ro");
    expect(steady.held.steady).toBe(true);
    expect(await outcome(steady, "cat /in/text")).toEqual({ code: 0, stdout: "judged" });
    await steady.held.close();
    await chmod(join(root, "shared"), 0o777);
    const shared = await bring("shared/dir", "ro");
    expect(shared.held.steady).toBe(false);
    await shared.held.close();
  });

  it("is refused when the engine does not see this node's files", async () => {
    const { bring } = await host();
    const workload = harness.workload(sh("true"), { folder: await harness.folder("elsewhere") });
    // The engine of another machine has no such folder.
    const ask = (chunk: string) => chunk.replaceAll(`seen-${workload.id}`, `none-${workload.id}`);
    const socket = await severableSocket(join(await harness.folder("far"), "s"), enginePath, { ask });
    for (const rights of ["ro", "rw"] as const) {
      const input = await bring("shared/dir", rights);
      const start = harness.executor({ socketPath: socket.path }).start({ ...workload, inputs: [input] });
      await expect(start).rejects.toMatchObject({
        code: "ENGINE_FAILED",
        why: expect.stringMatching(rights === "ro" ? /does not see this node's files/ : /another process namespace/),
      });
      await input.held.close();
    }
    await socket.sever();
    const label = [`shoal.execution=${workload.id}`];
    expect(await engine.listContainers({ all: true, filters: { label } })).toEqual([]);
  });

  it.skipIf(process.geteuid?.() !== 0)(
    "is refused when the engine runs in another mount namespace, unless its path is steady (needs root)",
    async () => {
      const { root } = await host();
      const folder = await harness.folder("namespace");
      const run = (rights: string) => {
        const input = { allow: [`${root}/shared/**:${rights}`], path: join(root, "shared/dir") };
        return inNamespace({ ...input, image: harness.image, folder, id: `e-namespace-${rights}-${process.pid}` });
      };
      expect(await run("rw")).toContain("ENGINE_FAILED: others can replace the input at its path");
      expect(await run("rw")).toContain("another mount namespace");
      expect(await run("ro")).toBe("exit 0: judged");
    },
  );
});

/** Mounts an input from a node in a mount namespace other than the engine's, like that of a hardened systemd unit. */
async function inNamespace(facts: object): Promise<string> {
  const program = `
    const { local } = await import(${here("../../sources/local/local.ts")});
    const { docker } = await import(${here("./docker.ts")});
    const { systemClock } = await import(${here("./testing/engine-harness.ts")});
    const { allow, path, image, folder, id } = JSON.parse(process.argv[1]);
    const source = local({ allow });
    const params = source.params.parse({ SourcePath: path });
    const want = { params, namespace: "default", partition: { index: 0, count: 1 }, folder, room: { take: () => {} }, signal: new AbortController().signal };
    const input = { ...(await source.fetch(want)), target: "/in" };
    const executor = docker({ nodeId: id, instanceId: id, clock: systemClock });
    let said = "";
    const work = { id, jobId: "j", namespace: "default", nodeId: id, env: {}, inputs: [input], outputs: [], network: "none", folder };
    const resources = { cpuCores: 1, memoryBytes: 64 * 1024 * 1024, diskBytes: 0 };
    const engineParams = executor.params.parse({ Image: image, Entrypoint: ["/bin/cat", "/in/text"] });
    const output = (stream, chunk) => { if (stream === "stdout") said += Buffer.from(chunk).toString(); };
    try {
      const running = await executor.start({ ...work, resources, params: engineParams, output });
      const { exitCode } = await running.exit;
      process.stdout.write("exit " + exitCode + ": " + said);
    } catch (fault) {
      process.stdout.write(fault.code + ": " + fault.why);
    } finally {
      await executor.sweep(new Set());
      await executor.close();
      await input.held.close();
    }
  `;
  const args = ["--mount", process.execPath, "--input-type=module", "-e", program, JSON.stringify(facts)];
  return (await promisify(execFile)("unshare", args)).stdout;
}

const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
