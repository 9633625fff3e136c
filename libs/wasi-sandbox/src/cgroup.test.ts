import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cgroups, cgroupsIfAny, ownCgroups } from "./cgroup.ts";
import { fromText } from "./testing/program.ts";
import { wasiSandbox } from "./wasi-sandbox.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "shoal-cgroup-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A tree with the files of a delegated group that only this process is in; what is given takes their place. */
function place(files: Readonly<Record<string, string>> = {}, group = "/system.slice/shoal.service") {
  const path = join(root, group);
  mkdirSync(path, { recursive: true });
  const all = {
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cgroup.procs": `${process.pid}\n`,
    "cgroup.subtree_control": "",
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(path, name), text);
  writeFileSync(join(root, "self"), `1:name=systemd:/\n0::${group}\n`);
  return { path, at: { root, self: join(root, "self"), pid: process.pid } };
}

function made(found: Cgroups | string): Cgroups {
  if (typeof found === "string") throw new Error(found);
  return found;
}

const text = (...names: string[]) => readFileSync(join(...names), "utf8");
/** A process and all below it, the lowest first. */
function familyOf(pid: number): readonly number[] {
  const children = text(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean);
  return [...children.flatMap((child) => familyOf(Number(child))), pid];
}
const until = <T>(probe: () => T) => expect.poll(probe, { timeout: 20_000 });

describe("the cgroups of a node", () => {
  it("are created beside the node, which moves into a separate group", () => {
    const { path, at } = place();
    expect(ownCgroups(at)).not.toBeTypeOf("string");
    expect(text(path, "shoal-node", "cgroup.procs")).toBe(`${process.pid}`);
    expect(text(path, "cgroup.subtree_control")).toBe("+cpu +memory +pids");
  });
  it("are found by a node that has moved before", () => {
    const { path } = place();
    writeFileSync(join(path, "cgroup.procs"), "");
    writeFileSync(join(root, "self"), "0::/system.slice/shoal.service/shoal-node\n");
    made(ownCgroups({ root, self: join(root, "self"), pid: process.pid })).make();
    expect(readdirSync(path).filter((name) => name.startsWith("shoal-guest-"))).toHaveLength(1);
  });
  it("limit no memory of a task that requests none", () => {
    const { path, at } = place();
    made(ownCgroups(at)).make().limit({ memoryBytes: 0, cpuCores: 0 });
    const [group = ""] = readdirSync(path).filter((name) => name.startsWith("shoal-guest-"));
    expect(text(path, group, "memory.max")).toBe("max");
    expect(readdirSync(join(path, group))).not.toContain("cpu.max");
  });
  it("report how their guest ended after they are removed", () => {
    const { path, at } = place();
    const group = made(ownCgroups(at)).make();
    const folder = join(path, readdirSync(path).find((name) => name.startsWith("shoal-guest-")) ?? "");
    writeFileSync(join(folder, "memory.events"), "oom_kill 1\n");
    group.remove();
    rmSync(folder, { recursive: true, force: true });
    expect(group.wasOutOfMemory()).toBe(true);
  });
  it("are separate for two nodes in one process", () => {
    const { path, at } = place();
    const [one, other] = [made(ownCgroups(at)), made(ownCgroups(at))];
    one.make();
    other.make();
    made(ownCgroups(at));
    expect(readdirSync(path).filter((name) => name.startsWith("shoal-guest-"))).toHaveLength(2);
  });
  it("of an earlier process are removed", () => {
    const { path, at } = place();
    // Process 1 is never this one.
    mkdirSync(join(path, "shoal-guest-1-1"));
    made(ownCgroups(at));
    expect(readdirSync(path)).not.toContain("shoal-guest-1-1");
  });
  it.each([
    ["other processes share it", { "cgroup.procs": `${process.pid}\n1\n` }, undefined, "contains other processes"],
    ["a controller is missing", { "cgroup.controllers": "cpu pids\n" }, undefined, "lacks the controllers memory"],
    ["it is the root", {}, "/", "root group"],
  ])("are not created where %s", (...[, files, group, why]) => {
    expect(ownCgroups(place(files, group).at)).toContain(why);
  });
  it("are not created where the system has none, and the log has the reason", () => {
    const lines: unknown[] = [];
    const logger = { warn: () => {}, info: (fields: object, message: string) => lines.push([message, fields]) };
    expect(cgroupsIfAny(logger, { root: join(root, "none"), self: join(root, "none"), pid: 1 })).toBeUndefined();
    expect(lines).toEqual([[expect.stringContaining("not limited"), { why: expect.stringContaining("ENOENT") }]]);
  });
});

describe("a guest in a cgroup", () => {
  const entry = { module: "/main.wasm", imports: [], entrypoint: "_start", args: [] };
  const endless = fromText(`(module (func (export "_start") (loop (br 0))))`);

  async function started() {
    const { path, at } = place();
    const sandbox = wasiSandbox({
      clock: systemClock({ unref: true }),
      limits: { poolSize: 0 },
      cgroups: made(ownCgroups(at)),
    });
    const module = join(root, "main.wasm");
    writeFileSync(module, endless);
    const running = await sandbox.start({
      program: entry,
      env: {},
      outputs: [],
      inputs: [{ hostPath: module, target: "/main.wasm", readOnly: true }],
      resources: { cpuCores: 0.5, memoryBytes: 64 * 1024 * 1024, diskBytes: 0 },
      output: () => {},
    });
    const groups = readdirSync(path).filter((name) => name.startsWith("shoal-guest-"));
    const group = join(path, groups.at(-1) ?? "");
    return { sandbox, running, group };
  }

  it("is limited to its task's memory and processors, and to a number of processes", async () => {
    const { sandbox, running, group } = await started();
    // 64 MiB for the task, 320 MiB for the engine, and four times the module.
    const memory = (64 + 320) * 1024 * 1024 + 4 * endless.byteLength;
    expect(Number(text(group, "memory.max"))).toBeGreaterThanOrEqual(memory);
    expect(Number(text(group, "memory.max"))).toBeLessThan(memory + 100);
    expect(text(group, "cpu.max")).toBe("50000 100000");
    expect([text(group, "pids.max"), text(group, "memory.oom.group")]).toEqual(["64", "1"]);
    expect(Number(text(group, "cgroup.procs"))).toBeGreaterThan(1);
    await running.halt();
    await sandbox.close();
  });
  it("reports OUT_OF_MEMORY when the kernel killed it for that", async () => {
    const { sandbox, running, group } = await started();
    writeFileSync(join(group, "memory.events"), "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 1\n");
    // As the kernel does with a whole group.
    for (const pid of familyOf(Number(text(group, "cgroup.procs")))) process.kill(pid, "SIGKILL");
    await until(() => running.exit).toMatchObject({ exitCode: 137, failure: { code: "OUT_OF_MEMORY" } });
    await sandbox.close();
  });
});
