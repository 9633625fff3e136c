import { chmod, chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ContainerSettings } from "./container-settings.ts";
import { engineHarness, type RecordedWorkload } from "./testing/engine-harness.ts";

const harness = await engineHarness("containment");
const { engine, missing } = harness;
afterAll(() => harness.close());

const isRoot = process.geteuid?.() === 0;
// The unprivileged user of most Linux systems: a node that does not run as root.
const unprivilegedId = 65_534;
const suite = missing === undefined ? "a container" : `a container (skipped: ${missing})`;
const sh = (script: string) => ({ Entrypoint: ["/bin/sh", "-c", script] });
let serial = 0;

/** A workload with an output and an input of the node, in folders that only their owner may read. */
async function stage(script: string, owner: number): Promise<RecordedWorkload & { readonly made: string }> {
  serial += 1;
  const root = await harness.folder(`stage-${serial}`);
  const [made, brought] = [join(root, "made"), join(root, "brought")];
  await mkdir(made, { mode: 0o700 });
  await mkdir(brought, { mode: 0o700 });
  await writeFile(join(brought, "text"), "given", { mode: 0o600 });
  for (const path of [made, brought, join(brought, "text")]) if (owner !== 0) await chown(path, owner, owner);
  const workload = harness.workload(sh(script), {
    inputs: [{ hostPath: brought, target: "/in", readOnly: true }],
    outputs: [{ name: "made", path: "/out", hostPath: made }],
  });
  return { ...workload, made };
}

async function run(workload: RecordedWorkload, settings: Partial<ContainerSettings> = {}): Promise<number> {
  return (await (await harness.executor({ settings }).start(workload)).exit).exitCode;
}

describe.skipIf(missing !== undefined)(suite, () => {
  it.skipIf(!isRoot).each([0, unprivilegedId])(
    "without any capability reads inputs and writes results of a node that runs as user %i (needs root)",
    async (owner) => {
      const workload = await stage("cat /in/text > /out/copy && mkdir /out/sub && cat /in/text", owner);
      expect(await run(workload)).toBe(0);
      expect(workload.printed("stdout")).toBe("given");
      expect(await readFile(join(workload.made, "copy"), "utf8")).toBe("given");
    },
  );

  it("may not change the owner of a file unless its node allows it", async () => {
    const script = "touch /out/file; chown 1 /out/file && echo changed; exit 0";
    const strict = await stage(script, 0);
    expect(await run(strict)).toBe(0);
    expect(strict.printed("stdout")).toBe("");
    const allowed = await stage(`${script}; grep CapEff /proc/self/status`, 0);
    expect(await run(allowed, { capabilities: ["CHOWN"] })).toBe(0);
    expect(allowed.printed("stdout")).toBe("changed\n");
  });

  it("runs as the user that its node names", async () => {
    const workload = await stage("id -u; id -g; cat /in/text; echo mine > /out/file", 0);
    expect(await run(workload, { user: "1234:4321" })).toBe(0);
    expect(workload.printed("stdout")).toBe("1234\n4321\ngiven");
    expect(await readFile(join(workload.made, "file"), "utf8")).toBe("mine\n");
  });

  it("can write only to its results and to /tmp where its node makes the rest read-only", async () => {
    const script =
      "echo x > /bin/new && echo root; echo x > /tmp/new && echo tmp; echo x > /out/new && echo out; exit 0";
    const open = await stage(script, 0);
    await run(open);
    expect(open.printed("stdout")).toBe("root\ntmp\nout\n");
    const closed = await stage(script, 0);
    await run(closed, { readOnlyRoot: true });
    expect(closed.printed("stdout")).toBe("tmp\nout\n");
  });

  it("retains an input or a result at /tmp where the rest is read-only", async () => {
    const made = await harness.folder("tmp-result");
    await chmod(made, 0o700);
    const outputs = [{ name: "made", path: "/tmp", hostPath: made }];
    const workload = harness.workload(sh("echo kept > /tmp/file"), { outputs });
    expect(await run(workload, { readOnlyRoot: true })).toBe(0);
    expect(await readFile(join(made, "file"), "utf8")).toBe("kept\n");
  });

  const limitless = "needs an engine whose storage driver has no limits";
  it(`requests a limit of its disk, and is refused or runs without one where the engine has none (${limitless})`, async (context) => {
    const { Driver, DriverStatus } = await engine.info();
    const isXfs = String(DriverStatus).includes("Backing Filesystem,xfs");
    if (Driver !== "overlay2" || isXfs) context.skip();
    const resources = { cpuCores: 1, memoryBytes: 64 * 1024 * 1024, diskBytes: 50_000_000 };
    const workload = () => harness.workload(sh("exit 3"), { resources });
    expect(await run(workload(), { diskLimit: "ignore" })).toBe(3);
    await expect(run(workload(), { diskLimit: "refuse" })).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      why: expect.stringContaining("docker.diskLimit is set to refuse"),
    });
    // A task without requested disk has no limit to refuse.
    expect(await run(harness.workload(sh("exit 3")), { diskLimit: "refuse" })).toBe(3);
  });

  it("that forks without end reaches its limit of processes, and affects no other container", async () => {
    // 2 GiB, which 4096 small processes need, so that the number of processes is the limit that applies.
    const resources = { cpuCores: 1, memoryBytes: 2 * 1024 ** 3, diskBytes: 0 };
    const bomb = harness.workload(sh("n=0; while sleep 1000 & do n=$((n+1)); echo $n; done"), { resources });
    const running = await harness.executor().start(bomb);
    const beside = harness.workload(sh("echo beside"));
    expect(await run(beside)).toBe(0);
    expect((await running.exit).exitCode).not.toBe(0);
    const forks = Number(bomb.printed("stdout").trim().split("\n").at(-1));
    expect(forks).toBeGreaterThan(4_000);
    expect(forks).toBeLessThan(4_097);
    expect(bomb.printed("stderr")).toMatch(/fork/);
  });
});
