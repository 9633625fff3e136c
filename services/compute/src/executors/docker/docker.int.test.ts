import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { engineHarness, enginePath } from "./testing/engine-harness.ts";
import { severableSocket } from "./testing/severable-socket.ts";

const harness = await engineHarness("docker");
const { engine, missing } = harness;
afterAll(() => harness.close());

const sh = (script: string) => ({ Entrypoint: ["/bin/sh", "-c", script] });
const suite = missing === undefined ? "docker" : `docker (skipped: ${missing})`;

/** Resolves when the workload has written this text. */
function hearing(word: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = "";
  const output = (_: string, chunk: Uint8Array) => {
    received += Buffer.from(chunk).toString();
    if (received.includes(word)) resolve();
  };
  return { output, received: promise };
}

function containersOf(executionId: string) {
  return engine.listContainers({ all: true, filters: { label: [`shoal.execution=${executionId}`] } });
}

describe.skipIf(missing !== undefined)(suite, () => {
  it("merges environments, in which the task's variables win", async () => {
    const workload = harness.workload(
      { ...sh('echo "$A $B $C"'), EnvironmentVariables: ["A=listed", "B=listed", "C=a=b"] },
      { env: { B: "task" } },
    );
    await (await harness.executor().start(workload)).exit;
    expect(workload.printed("stdout")).toBe("listed task a=b\n");
  });

  it("runs in the working directory, with entry point and parameters", async () => {
    const workload = harness.workload({
      Entrypoint: ["/bin/echo", "-n"],
      Parameters: ["one", "two three"],
      WorkingDirectory: "/tmp",
    });
    expect(await (await harness.executor().start(workload)).exit).toEqual({ exitCode: 0 });
    expect(workload.printed("stdout")).toBe("one two three");
    const where = harness.workload({ ...sh("pwd"), WorkingDirectory: "/tmp" });
    await (await harness.executor().start(where)).exit;
    expect(where.printed("stdout")).toBe("/tmp\n");
  });

  it("fails a workload that exceeds its memory limit", async () => {
    const resources = { cpuCores: 1, memoryBytes: 16 * 1024 * 1024, diskBytes: 0 };
    const running = await harness.executor().start(harness.workload(sh("tail /dev/zero"), { resources }));
    const { exitCode, failure } = await running.exit;
    expect(failure).toEqual({
      code: "OUT_OF_MEMORY",
      why: "memory limit exceeded: the task's limit is 16777216 bytes",
    });
    expect(exitCode).not.toBe(0);
  });

  it("limits processes, processors and rights", async () => {
    const workload = harness.workload(sh("cat /proc/self/status; sleep 1000"));
    const running = await harness.executor().start(workload);
    const [found] = await containersOf(workload.id);
    const { HostConfig } = await engine.getContainer(found?.Id ?? "").inspect();
    await running.halt(0);
    expect(HostConfig).toMatchObject({
      NanoCpus: 1e9,
      MemorySwap: HostConfig.Memory,
      PidsLimit: 4096,
      Privileged: false,
      AutoRemove: false,
    });
    expect(HostConfig.LogConfig?.Config).toEqual({ "max-size": "64m", "max-file": "2" });
    expect(workload.printed("stdout")).toMatch(/NoNewPrivs:\s*1/);
    expect(workload.printed("stdout")).toMatch(/CapEff:\s*0{16}\n/);
    expect(workload.printed("stdout")).toMatch(/CapBnd:\s*0{16}\n/);
  });

  it.each([
    ["none", /^lo$/],
    ["bridge", /^(eth0 lo|lo eth0)$/],
  ] as const)("has only its own interfaces on network %s", async (network, interfaces) => {
    const workload = harness.workload(sh("cd /sys/class/net; echo *"), { network });
    await (await harness.executor().start(workload)).exit;
    expect(workload.printed("stdout").trim()).toMatch(interfaces);
  });

  it("allows a workload to write an input only when requested", async () => {
    const hostPath = await harness.folder("input");
    await writeFile(join(hostPath, "file"), "as it was");
    const locked = harness.workload(sh("echo new > /in/file"), {
      inputs: [{ hostPath, target: "/in", readOnly: true }],
    });
    expect((await (await harness.executor().start(locked)).exit).exitCode).not.toBe(0);
    expect(await readFile(join(hostPath, "file"), "utf8")).toBe("as it was");
    const open = harness.workload(sh("echo new > /in/file"), {
      inputs: [{ hostPath, target: "/in", readOnly: false }],
    });
    expect(await (await harness.executor().start(open)).exit).toEqual({ exitCode: 0 });
    expect(await readFile(join(hostPath, "file"), "utf8")).toBe("new\n");
  });

  it("delivers a large output completely, with stdout and stderr separate", async () => {
    let stdoutBytes = 0;
    const workload = harness.workload(sh("seq 1 200000; echo end >&2"), {
      output: (stream, chunk) => {
        if (stream === "stdout") stdoutBytes += chunk.length;
      },
    });
    expect(await (await harness.executor().start(workload)).exit).toEqual({ exitCode: 0 });
    // The output of `seq 1 200000`: its digits and as many line ends.
    expect(stdoutBytes).toBe(1_288_895);
  });

  it("names a missing command, and marks the failure as final", async () => {
    const running = await harness.executor().start(harness.workload({ Entrypoint: ["/bin/nothing-here"] }));
    const { exitCode, failure } = await running.exit;
    expect(exitCode).toBe(127);
    expect(failure?.code).toBe("TASK_INVALID");
    expect(failure?.why).toContain("/bin/nothing-here");
  });

  it("keeps an exit code of 127 from the program itself", async () => {
    const running = await harness.executor().start(harness.workload(sh("echo oh no >&2; exit 127")));
    expect(await running.exit).toEqual({ exitCode: 127 });
  });

  it("halts with SIGTERM first", async () => {
    const { output, received } = hearing("ready");
    const workload = harness.workload(sh("trap 'sleep 0.3; exit 5' TERM; echo ready; sleep 1000 & wait"), { output });
    const running = await harness.executor().start(workload);
    await received;
    await running.halt(60_000);
    expect(await running.exit).toEqual({
      exitCode: 5,
      failure: { code: "STOPPED", why: "it was halted while it ran" },
    });
  });

  it("halts with SIGKILL when SIGTERM has no effect", async () => {
    const { output, received } = hearing("ready");
    const workload = harness.workload(sh("trap '' TERM; echo ready; while true; do sleep 1; done"), { output });
    const running = await harness.executor().start(workload);
    await received;
    await running.halt(1);
    expect(await running.exit).toMatchObject({ exitCode: 137, failure: { code: "STOPPED" } });
  });

  it("is found running by the next process, with its output from the beginning", async () => {
    const before = harness.executor();
    const { output, received } = hearing("early");
    const workload = harness.workload(sh("echo early; while ! test -e /out/go; do sleep 0.1; done; echo late; exit 4"));
    const hostPath = await harness.folder("signal");
    const outputs = [{ name: "out", path: "/out", hostPath }];
    const first = await before.start({ ...workload, outputs, output });
    await received;
    await before.close();
    const found = await harness.executor().attach({ ...workload, outputs });
    await writeFile(join(hostPath, "go"), "");
    expect(await found?.exit).toEqual({ exitCode: 4 });
    expect(workload.printed("stdout")).toBe("early\nlate\n");
    // After the release the container's exit is not reported.
    expect(await Promise.race([first.exit, Promise.resolve("nothing")])).toBe("nothing");
  });

  it("is found by the next process after its end, until it is swept", async () => {
    const workload = harness.workload(sh("echo done; exit 9"));
    const executor = harness.executor();
    await (await executor.start({ ...workload, output: () => {} })).exit;
    await executor.sweep(new Set([workload.id]));
    expect(await (await harness.executor().attach(workload))?.exit).toEqual({ exitCode: 9 });
    expect(workload.printed("stdout")).toBe("done\n");
    await executor.sweep(new Set());
    expect(await harness.executor().attach(workload)).toBeUndefined();
    expect(await containersOf(workload.id)).toEqual([]);
  });

  it("does not report a workload as halted that had ended before", async () => {
    const workload = harness.workload(sh("exit 9"));
    await (await harness.executor().start(workload)).exit;
    const found = await harness.executor().attach(workload);
    await found?.halt(0);
    expect(await found?.exit).toEqual({ exitCode: 9 });
  });

  it("does not start one execution twice", async () => {
    const workload = harness.workload(sh("exit 0"));
    await (await harness.executor().start(workload)).exit;
    await expect(harness.executor().start(workload)).rejects.toThrow("already has a container");
  });

  it("removes a container that never started, so that the workload can start", async () => {
    const workload = harness.workload(sh("exit 6"));
    const executor = harness.executor();
    await (await executor.start(workload)).exit;
    const [made] = await containersOf(workload.id);
    const inspected = await engine.getContainer(made?.Id ?? "").inspect();
    await executor.sweep(new Set());
    // The container of a process that dies between create and start.
    const left = { name: inspected.Name, Image: harness.image, Labels: inspected.Config.Labels };
    await engine.createContainer(left);
    expect(await harness.executor().attach(workload)).toBeUndefined();
    expect(await (await harness.executor().start(workload)).exit).toEqual({ exitCode: 6 });
  });

  it("separates the nodes that share an engine", async () => {
    const [one, two] = [harness.executor({ node: "one" }), harness.executor({ node: "two" })];
    const workload = harness.workload(sh("sleep 1000"));
    const running = await one.start(workload);
    await two.sweep(new Set());
    expect(await two.attach(workload)).toBeUndefined();
    const [found] = await containersOf(workload.id);
    expect(found?.State).toBe("running");
    await running.halt(0);
  });

  it("separates nodes of one name in different clusters, and finds its own containers", async () => {
    const node = "node-0";
    const [one, two] = [harness.executor({ node, instance: "a" }), harness.executor({ node, instance: "b" })];
    const [first, second] = [harness.workload(sh("sleep 1000")), harness.workload(sh("sleep 1000"))];
    const running = [await one.start(first), await two.start(second)];
    await two.sweep(new Set([second.id]));
    expect(await two.attach(first)).toBeUndefined();
    expect((await containersOf(first.id)).map(({ State }) => State)).toEqual(["running"]);
    // The next process of each node, on the same data directory, removes only its own containers.
    await harness.executor({ node, instance: "a" }).sweep(new Set());
    expect(await containersOf(first.id)).toEqual([]);
    expect((await containersOf(second.id)).map(({ State }) => State)).toEqual(["running"]);
    await harness.executor({ node, instance: "b" }).sweep(new Set());
    expect(await containersOf(second.id)).toEqual([]);
    await Promise.all(running.map(({ exit }) => exit));
  });

  it("allows two clusters to run executions of one name at the same time", async () => {
    const node = "node-0";
    const workload = harness.workload(sh("exit 5"));
    const ends = ["a", "b"].map(async (instance) => (await harness.executor({ node, instance }).start(workload)).exit);
    expect(await Promise.all(ends)).toEqual([{ exitCode: 5 }, { exitCode: 5 }]);
  });

  it("fails a workload whose engine goes away", async () => {
    const socket = await severableSocket(join(await harness.folder("door"), "s"), enginePath);
    const { output, received } = hearing("ready");
    const workload = harness.workload(sh("echo ready; sleep 1000"), { output });
    const running = await harness.executor({ socketPath: socket.path }).start(workload);
    await received;
    await socket.sever();
    const { exitCode, failure } = await running.exit;
    expect({ exitCode, code: failure?.code }).toEqual({ exitCode: -1, code: "ENGINE_FAILED" });
    await expect(running.halt(0)).rejects.toMatchObject({ code: "ENGINE_FAILED" });
  });

  it("runs without an init process on an engine that has none, and gets start failures from the engine", async () => {
    // The engine's init program is missing here, and the engine reports that in its usual message.
    const socket = await severableSocket(join(await harness.folder("init"), "s"), enginePath, {
      ask: (chunk) =>
        chunk.includes('"Init":true')
          ? chunk.replace('"Init":true', '"Init":null').replace("//bin//true", "docker-init")
          : chunk,
    });
    const executor = harness.executor({ socketPath: socket.path });
    const workload = harness.workload({ Entrypoint: ["//bin//true"] });
    expect(await (await executor.start(workload)).exit).toEqual({ exitCode: 0 });
    const none = executor.start(harness.workload({ Entrypoint: ["/bin/nothing-here"] }));
    await expect(none).rejects.toMatchObject({
      code: "TASK_INVALID",
      message: expect.stringContaining("/bin/nothing-here"),
    });
    await socket.sever();
    expect(await containersOf(workload.id)).toHaveLength(1);
  });

  it("leaves nothing behind after a failed start", async () => {
    const inputs = [{ hostPath: "/there/is/no/such/folder", target: "/in", readOnly: true }];
    const workload = harness.workload(sh("exit 0"), { inputs });
    await expect(harness.executor().start(workload)).rejects.toMatchObject({ code: "TASK_INVALID" });
    expect(await containersOf(workload.id)).toEqual([]);
  });

  it("reads the end of an output that the engine dropped from the followed log", async () => {
    const workload = harness.workload(sh("echo first; echo second >&2"));
    await (await harness.executor().start({ ...workload, output: () => {} })).exit;
    // The followed log lacks the last lines; a read at the end returns them.
    const ask = (chunk: string) => chunk.replace("stderr=true&follow=true", "stderr=false&follow=false");
    const socket = await severableSocket(join(await harness.folder("log"), "s"), enginePath, { ask });
    const found = await harness.executor({ socketPath: socket.path }).attach(workload);
    expect(await found?.exit).toEqual({ exitCode: 0 });
    await socket.sever();
    expect(workload.printed("stdout")).toBe("first\n");
    expect(workload.printed("stderr")).toBe("second\n");
  });

  it.each(["node", "instance", "job", "namespace", "execution"])("labels its containers with the %s", async (label) => {
    const workload = harness.workload(sh("exit 0"));
    await (await harness.executor().start(workload)).exit;
    const [found] = await containersOf(workload.id);
    expect(found?.Labels[`shoal.${label}`]).toBeTruthy();
  });
});
