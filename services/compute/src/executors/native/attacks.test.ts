import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { silentLogger } from "@shoal/core";
import { systemClock } from "@shoal/node";
import { type Cgroups, cgroupsIfAny } from "@shoal/wasi-sandbox";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { removeTree } from "../../workspace/remove-tree.ts";
import type { Workload } from "../executor.ts";
import { native } from "./native.ts";
import { type NativeSettings, nativeDefaults } from "./native-settings.ts";

// A user that no other test has, also of another checkout: limits of processes are a user's.
const uid = 100_000 + process.pid;
const settings: NativeSettings = { ...nativeDefaults, user: `${uid}:${uid}` };
const root = mkdtempSync(join(tmpdir(), "shoal-native-attack-"));
const clock = systemClock({ unref: true });
const missing = await native({ clock, folder: join(root, "probe"), settings }).unavailable();
const mebibyte = 2 ** 20;
let serial = 0;
let close = async (): Promise<void> => {};
afterEach(() => close());
afterAll(() => removeTree(root));

interface Attack {
  readonly script: string;
  readonly settings?: Partial<NativeSettings>;
  readonly workload?: Partial<Workload>;
  readonly cgroups?: Cgroups | undefined;
}

/** Starts a shell script as a native task. */
async function attack({ script, settings: more, workload: changes, cgroups }: Attack) {
  serial += 1;
  const executor = native({
    clock,
    folder: join(root, "runs"),
    settings: { ...settings, ...more },
    cgroups,
  });
  close = async () => {
    await executor.sweep(new Set());
    await executor.close();
  };
  const folder = join(root, `work-${serial}`);
  mkdirSync(folder);
  let printed = "";
  const workload: Workload = {
    ...{ id: `e-${serial}`, jobId: "j-1", namespace: "default", nodeId: "n-1", env: {}, inputs: [], outputs: [] },
    params: executor.params.parse({ Command: "sh", Arguments: ["-c", script] }),
    resources: { cpuCores: 1, memoryBytes: 256 * mebibyte, diskBytes: 0 },
    network: "none",
    folder,
    output: (_, chunk) => {
      printed += Buffer.from(chunk).toString();
    },
    ...changes,
  };
  const running = await executor.start(workload);
  return { executor, workload, running, exit: running.exit, printed: () => printed };
}

describe.skipIf(missing !== undefined)(`a native task${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  it("is an unprivileged user without capabilities, who cannot get any", async () => {
    const { exit, printed } = await attack({
      script: "id -u; grep -E '^(Cap|NoNewPrivs)' /proc/self/status; su -c id root",
    });
    expect((await exit).exitCode).not.toBe(0);
    expect(printed()).toMatch(new RegExp(`^${uid}\n`));
    for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) expect(printed()).toContain(`Cap${set}:\t0000000000000000`);
    expect(printed()).toContain("NoNewPrivs:\t1");
  });
  it("sees neither the node's files nor other processes, and writes nowhere but in its folders", async () => {
    const script = `ls ${root} /root /home /var; ls -d /proc/[0-9]* | wc -l; touch /usr/x /etc/x /x && exit 1; touch /task/ok /tmp/ok`;
    const { exit, printed, workload } = await attack({ script });
    expect(await exit).toEqual({ exitCode: 0 });
    expect(printed()).not.toContain("runs");
    expect(Number(/^\d+$/m.exec(printed())?.[0])).toBeLessThan(8);
    expect(await readdir(workload.folder)).toEqual(["ok"]);
  });
  it("has no network, unless it requests the host network", async () => {
    const script = "ls /sys/class/net 2>/dev/null; cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '";
    const { exit, printed } = await attack({ script });
    await exit;
    expect(printed().trim()).toBe("lo");
    const host = await attack({ script, workload: { network: "host" } });
    await host.exit;
    expect(host.printed().trim().split("\n").sort()).toEqual((await readdir("/sys/class/net")).sort());
  });
  it("cannot take more memory than the limit in one process", async () => {
    const script = "dd if=/dev/zero of=/dev/null bs=128M count=1 && echo done";
    const resources = { cpuCores: 1, memoryBytes: 64 * mebibyte, diskBytes: 0 };
    const { exit, printed } = await attack({ script, workload: { resources } });
    expect((await exit).exitCode).not.toBe(0);
    expect(printed()).not.toContain("done");
    const roomy = await attack({ script, workload: { resources: { ...resources, memoryBytes: 512 * mebibyte } } });
    expect(await roomy.exit).toEqual({ exitCode: 0 });
  });
  it("is ended with the reason when its processes together take too much memory", async () => {
    const hog = `awk 'BEGIN { s = "x"; while (length(s) < 16000000) s = s s; while (1); }'`;
    const script = `for i in 1 2 3 4 5 6; do ${hog} & done; wait`;
    const { exit } = await attack({
      script,
      workload: { resources: { cpuCores: 1, memoryBytes: 64 * mebibyte, diskBytes: 0 } },
    });
    expect((await exit).failure?.code).toBe("OUT_OF_MEMORY");
  });
  it("runs in the cgroup of its limits, where its node has cgroups", async () => {
    const cgroups = delegated();
    const resources = { cpuCores: 0.5, memoryBytes: 256 * mebibyte, diskBytes: 0 };
    const { printed, running } = await attack({
      script: "echo up; sleep 1000",
      workload: { resources },
      cgroups: cgroups.made,
    });
    await expect.poll(printed).toBe("up\n");
    const [group = ""] = (await readdir(cgroups.path)).filter((name) => name.startsWith("shoal-guest-"));
    const limits = Object.entries({
      "cpu.max": "50000 100000",
      "memory.max": `${256 * mebibyte}`,
      "pids.max": "64",
    });
    for (const [name, value] of limits) expect(await readFile(join(cgroups.path, group, name), "utf8")).toBe(value);
    // The first process of the sandbox: those that it starts are in its group.
    const first = (await readFile(join(cgroups.path, group, "cgroup.procs"), "utf8")).trim();
    expect(await readFile(`/proc/${first}/cmdline`, "utf8")).toMatch(/^bwrap\0/);
    await running.halt(0);
  });
  it("cannot start more processes than the limit, and all of them end with it", async () => {
    const script = "i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i+1)); done; sleep 1000";
    const { exit, running, printed } = await attack({ script, settings: { processesMax: 20 } });
    await expect.poll(printed, { timeout: 10_000 }).toMatch(/Cannot fork|Resource temporarily unavailable/);
    await running.halt(0);
    await exit;
    expect(await processesOf()).toEqual([]);
  });
  it("cannot open more files than the limit", async () => {
    const script = "bash -c 'for i in $(seq 10 200); do eval \"exec $i</dev/null\" || exit 7; done'";
    const { exit, printed } = await attack({ script, settings: { descriptorsMax: 32 } });
    expect((await exit).exitCode).not.toBe(0);
    expect(printed()).toMatch(/Too many open files|Bad file descriptor/);
  });
  it("cannot write a file beyond the limit, nor output", async () => {
    const { exit } = await attack({ script: "yes >/task/big", settings: { fileBytesMax: mebibyte } });
    expect((await exit).exitCode).not.toBe(0);
    const shouting = await attack({ script: "exec yes", settings: { fileBytesMax: mebibyte } });
    expect((await shouting.exit).exitCode).not.toBe(0);
    expect(shouting.printed().length).toBe(mebibyte);
  });
  const forever = "while :; do";
  it.each([
    ["files", `n=0; ${forever} head -c 4194304 /dev/zero >/task/$n; n=$((n+1)); sleep 0.05; done`],
    ["a result", `n=0; ${forever} head -c 4194304 /dev/zero >/out/$n; n=$((n+1)); sleep 0.05; done`],
    ["empty files", `n=0; ${forever} : >/task/$n; n=$((n+1)); done`],
    ["a file that it has removed", "exec 3>/task/gone; rm /task/gone; head -c 33554432 /dev/zero >&3; sleep 1000"],
    ["folders that no path reaches", `name=$(printf %0200d 0); ${forever} mkdir $name && cd $name; done`],
  ])("is ended with the reason when it writes too much: %s", async (_what, script) => {
    const made = mkdtempSync(join(root, "made-"));
    const { exit } = await attack({
      script,
      settings: { fileBytesMax: 64 * mebibyte },
      workload: {
        resources: { cpuCores: 1, memoryBytes: 256 * mebibyte, diskBytes: 16 * mebibyte },
        outputs: [{ name: "out", path: "/out", hostPath: made }],
      },
    });
    const why = expect.stringMatching(
      /^disk limit exceeded: the task has written \d+ bytes, its limit is 16777216 bytes$/,
    );
    expect((await exit).failure).toEqual({ code: "DISK_LIMIT_EXCEEDED", why });
  });
  it("ends at a halt although it ignores signals and leaves its session, with everything that it started", async () => {
    const script =
      "trap '' TERM HUP INT; setsid sh -c 'trap \"\" TERM; sleep 1000' & setsid -f sleep 1000; echo ready; sleep 1000";
    const { running, exit, printed } = await attack({ script });
    await expect.poll(printed).toContain("ready");
    await running.halt(50);
    expect((await exit).failure?.code).toBe("STOPPED");
    expect(await processesOf()).toEqual([]);
  });
  it("ends whenever it is halted, also while its sandbox starts", async () => {
    // The sandbox starts in some 20 ms: each run is halted at another moment of it.
    for (let afterMs = 0; afterMs < 24; afterMs++) {
      const { running } = await attack({ script: "while :; do sleep 60; done" });
      await setTimeout(afterMs);
      await running.halt(0);
      expect((await running.exit).failure?.code).toBe("STOPPED");
    }
    expect(await processesOf()).toEqual([]);
  });
  it("may end by itself within the grace period", async () => {
    const { running, exit, printed } = await attack({
      script: "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done",
    });
    await expect.poll(printed).toContain("ready");
    await running.halt(10_000);
    expect((await exit).failure?.code).toBe("STOPPED");
    expect(printed()).toContain("bye");
  });
  it("gets its environment, which no process with rights has had, and no argument shows", async () => {
    const env = {
      LD_PRELOAD: "/task/evil.so",
      TOKEN: 'it\'s $HOME\n"secret" `id`',
      ENV: "/task/evil",
      BASH_ENV: "/task/evil",
    };
    const { exit, printed, workload, executor } = await attack({
      script: 'printf %s "$TOKEN"; echo; sleep 0.3',
      workload: { env },
    });
    expect(await executor.attach(workload)).toBeDefined();
    const shown = await commandLines();
    expect((await environments()).filter((each) => each.includes("/task/evil"))).toEqual([]);
    expect(shown.some((line) => line.includes("bwrap"))).toBe(true);
    expect(shown.filter((line) => line.includes('secret"'))).toEqual([]);
    expect(await exit).toMatchObject({ exitCode: 0 });
    expect(printed()).toContain(env.TOKEN);
  });
  it("is attached to by the node's next process, also after its end, with its exit code and its whole output", async () => {
    const { executor, workload, exit, printed } = await attack({ script: "echo one; sleep 0.3; echo two; exit 7" });
    await executor.close();
    let second = "";
    const output: Workload["output"] = (_, chunk) => {
      second += Buffer.from(chunk).toString();
    };
    const next = native({ clock, folder: join(root, "runs"), settings });
    const running = await next.attach({ ...workload, output });
    expect(await running?.exit).toEqual({ exitCode: 7 });
    expect(second).toBe("one\ntwo\n");
    const late = await native({ clock, folder: join(root, "runs"), settings }).attach({
      ...workload,
      output: () => {},
    });
    expect(await late?.exit).toEqual({ exitCode: 7 });
    expect(await Promise.race([exit, "never settles"])).toBe("never settles");
    expect(printed()).not.toContain("two");
    await next.sweep(new Set());
    expect(await next.attach(workload)).toBeUndefined();
  });
  it("is reported with the reason when its processes were killed by another program", async () => {
    const { executor, workload, exit } = await attack({ script: "sleep 1000" });
    await executor.close();
    const [pid = ""] = (await readFile(join(root, "runs", workload.id, "pid"), "utf8")).split(" ");
    process.kill(-Number(pid), "SIGKILL");
    const found = await native({ clock, folder: join(root, "runs"), settings }).attach(workload);
    expect(await found?.exit).toMatchObject({ failure: { code: "ENGINE_FAILED", why: /were killed/ } });
    void exit;
  });
});

/** A tree with the files of a delegated group that only this process is in. */
function delegated(): { readonly path: string; readonly made: Cgroups | undefined } {
  const place = { root: mkdtempSync(join(root, "cgroup-")), self: join(root, "self"), pid: process.pid };
  const path = join(place.root, "shoal.service");
  mkdirSync(path);
  const files = { "cgroup.controllers": "cpu memory pids\n", "cgroup.procs": `${process.pid}\n` };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  writeFileSync(place.self, "0::/shoal.service\n");
  return { path, made: cgroupsIfAny(silentLogger, place) };
}

/** The ids of running processes. */
const pids = async (): Promise<readonly string[]> => (await readdir("/proc")).filter((name) => /^\d+$/.test(name));

async function processesOf(): Promise<readonly string[]> {
  const statuses = await Promise.all(
    (await pids()).map((pid) => readFile(`/proc/${pid}/status`, "utf8").catch(() => "")),
  );
  const running = statuses.filter((status) => status.includes(`Uid:\t${uid}\t`) && !/^State:\tZ/m.test(status));
  return running.map((status) => status.split("\n", 1).join(""));
}

/** The environments of all processes of root: the wrapper and bubblewrap among them. */
async function environments(): Promise<readonly string[]> {
  const read = async (pid: string): Promise<string> => {
    const isRoot = (await readFile(`/proc/${pid}/status`, "utf8").catch(() => "")).includes("Uid:\t0\t");
    return isRoot ? readFile(`/proc/${pid}/environ`, "latin1").catch(() => "") : "";
  };
  return Promise.all((await pids()).map(read));
}

async function commandLines(): Promise<readonly string[]> {
  return Promise.all((await pids()).map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")));
}
