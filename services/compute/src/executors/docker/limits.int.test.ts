import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Workload } from "../executor.ts";
import { engineHarness } from "./testing/engine-harness.ts";

const harness = await engineHarness("limits");
const { engine, missing } = harness;
afterAll(() => harness.close());

const suite = missing === undefined ? "limits under attack" : `limits under attack (skipped: ${missing})`;
const sh = (script: string) => ({ Entrypoint: ["/bin/sh", "-c", script] });
const mebibyte = 1024 ** 2;
const resources = { cpuCores: 1, memoryBytes: 64 * mebibyte, diskBytes: 0 };
const run = async (workload: Workload) => (await harness.executor().start(workload)).exit;

describe.skipIf(missing !== undefined)(suite, () => {
  it("memory: a child that takes too much is reported, although its parent goes on", async () => {
    const workload = harness.workload(sh("tail /dev/zero; sleep 0.1; exit 5"), {
      resources: { ...resources, memoryBytes: 16 * mebibyte },
    });
    expect(await run(workload)).toMatchObject({
      failure: { code: "OUT_OF_MEMORY", why: "memory limit exceeded: the task's limit is 16777216 bytes" },
    });
  });

  it("memory: files in memory count as the task's", async () => {
    const fill = "head -c 200000000 /dev/zero > /dev/shm/file; ls -s /dev/shm; exit 0";
    const workload = harness.workload(sh(`${fill}`), { resources: { ...resources, memoryBytes: 32 * mebibyte } });
    const { failure } = await run(workload);
    // Either the memory of the container or the 64 MiB of /dev/shm ends it, never the machine's.
    if (failure === undefined) expect(workload.printed("stderr")).toContain("No space left");
    else expect(failure.code).toBe("OUT_OF_MEMORY");
  });

  it("CPU: programs that spin are throttled to the task's share", async () => {
    const stat = "cat /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2>/dev/null";
    const spin = "i=0; while test $i -lt 60000; do i=$((i+1)); done";
    const workload = harness.workload(sh(`(${spin}) & (${spin}) & wait; ${stat}; exit 0`), {
      resources: { ...resources, cpuCores: 0.1 },
    });
    expect(await run(workload)).toEqual({ exitCode: 0 });
    expect(Number(/nr_throttled (\d+)/.exec(workload.printed("stdout"))?.[1])).toBeGreaterThan(0);
  });

  it("descriptors: a task cannot raise its limit of open files, and dumps no memory", async () => {
    const workload = harness.workload(sh("ulimit -c; ulimit -n; ulimit -Hn; ulimit -n 65537 || echo refused; exit 0"));
    await run(workload);
    const [dumps, soft, hard, raised] = workload.printed("stdout").trim().split("\n");
    expect({ dumps, raised }).toEqual({ dumps: "0", raised: "refused" });
    // An engine that runs under a lower limit passes that on.
    expect(Number(soft)).toBeLessThanOrEqual(65_536);
    expect(Number(hard)).toBeLessThanOrEqual(65_536);
  });

  const write = "i=0; while head -c 4194304 /dev/zero > $at/file-$i; do i=$((i+1)); sleep 0.05; done; exit 3";

  it.each([
    ["its own files", "/tmp"],
    ["a result", "/out"],
  ])("disk: a task that writes %s without end is ended", async (_, at) => {
    const hostPath = join(await harness.folder("disk"), at.slice(1));
    await mkdir(hostPath, { recursive: true });
    const workload = harness.workload(sh(`at=${at}; ${write}`), {
      resources: { ...resources, diskBytes: 16 * mebibyte },
      outputs: [{ name: "out", path: "/out", hostPath }],
    });
    expect(await run(workload)).toMatchObject({
      failure: {
        code: "DISK_LIMIT_EXCEEDED",
        why: expect.stringMatching(
          /^disk limit exceeded: the task has written \d+ bytes, its limit is 16777216 bytes$/,
        ),
      },
    });
  });

  it("disk: empty files count too", async () => {
    const hostPath = await harness.folder("many");
    const fill = "i=0; while touch /out/$i; do i=$((i+1)); done";
    const workload = harness.workload(sh(fill), {
      resources: { ...resources, diskBytes: mebibyte },
      outputs: [{ name: "out", path: "/out", hostPath }],
    });
    expect(await run(workload)).toMatchObject({ failure: { code: "DISK_LIMIT_EXCEEDED" } });
  });

  it.each([
    ["a file that it has removed", "exec 3>/tmp/gone; rm /tmp/gone; head -c 33554432 /dev/zero >&3; sleep 1000"],
    [
      "folders that no path reaches",
      `n=$(printf %0200d 0); cd /out; while :; do mkdir $n && cd $n || sleep 1000; done`,
    ],
  ])("disk: %s counts too", async (what, script) => {
    const hostPath = await harness.folder(what.replaceAll(" ", "-"));
    const workload = harness.workload(sh(script), {
      resources: { ...resources, diskBytes: 16 * mebibyte },
      outputs: [{ name: "out", path: "/out", hostPath }],
    });
    expect(await run(workload)).toMatchObject({ failure: { code: "DISK_LIMIT_EXCEEDED" } });
  });

  it("time: a task that ignores the request to end is ended", async () => {
    const workload = harness.workload(sh("trap '' TERM INT HUP; echo up; while :; do sleep 1; done"));
    const running = await harness.executor().start(workload);
    await running.halt(1_000);
    expect(await running.exit).toMatchObject({ failure: { code: "STOPPED" } });
    const left = await engine.listContainers({ filters: { label: [`shoal.execution=${workload.id}`] } });
    expect(left).toEqual([]);
  });

  it("orphans: a sweep removes this node's containers, and none of another node or another program", async () => {
    const mine = harness.workload(sh("sleep 1000"));
    const other = harness.workload(sh("sleep 1000"));
    await harness.executor().start(mine);
    await harness.executor({ node: "n-2" }).start(other);
    const foreign = await engine.createContainer({ Image: harness.image, Cmd: ["/bin/sleep", "1000"] });
    await foreign.start();
    await harness.executor().sweep(new Set());
    const running = (id: string) => engine.listContainers({ filters: { label: [`shoal.execution=${id}`] } });
    expect(await running(mine.id)).toHaveLength(0);
    expect(await running(other.id)).toHaveLength(1);
    expect((await foreign.inspect()).State.Running).toBe(true);
    await foreign.remove({ force: true });
  });
});
