import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@shoal/core";
import { afterEach, describe, expect, it } from "vitest";
import { detectGpus, gpuLabels, type ProgramRun } from "./detect-gpus.ts";
import { gpuTools } from "./index.ts";
import { recordings } from "./testing/recordings.ts";

// Written from the formats that the vendors document; testing/recordings.ts has what machines printed.
const nvidiaOutput = `0, Tesla T4, 15360, 00000000:00:1E.0, GPU-11111111-aaaa
1, NVIDIA A100-SXM4-80GB, 81920, 00000000:00:1F.0, GPU-22222222-bbbb
`;
const amdOutput = JSON.stringify({
  card0: {
    "PCI Bus": "0000:03:00.0",
    "VRAM Total Memory (B)": "68702699520",
    "VRAM Total Used Memory (B)": "10850304",
    "Card Series": "AMD INSTINCT MI250",
    "Card Vendor": "Advanced Micro Devices, Inc. [AMD/ATI]",
  },
  card1: { "PCI Bus": "0000:26:00.0", "VRAM Total Memory (B)": "68702699520", "Card series": "AMD INSTINCT MI250" },
  system: { "Driver version": "6.3.6" },
});
const intelOutput = `Device ID,Device Name,PCI BDF Address,Memory Physical Size
0,"Intel(R) Data Center GPU Flex 170","0000:4d:00.0","14248.00 MiB"
`;

/** The arguments with which each tool prints these formats. */
const commands: Readonly<Record<string, string>> = {
  "nvidia-smi": "--query-gpu=index,name,memory.total,pci.bus_id,uuid --format=csv,noheader,nounits",
  "rocm-smi": "--showproductname --showbus --showmeminfo vram --json",
  "xpu-smi": "discovery --dump 1,2,11,16",
};
const outputs: Readonly<Record<string, string>> = {
  "nvidia-smi": nvidiaOutput,
  "rocm-smi": amdOutput,
  "xpu-smi": intelOutput,
};
const recorded =
  (tools: readonly string[], others: Readonly<Record<string, string>> = outputs): ProgramRun =>
  async (program, args) => {
    if (tools.includes(program)) return { stdout: args.join(" ") === commands[program] ? (others[program] ?? "") : "" };
    throw Object.assign(new Error(`spawn ${program} ENOENT`), { code: "ENOENT" });
  };

function listening() {
  const lines: object[] = [];
  return { lines, logger: { ...silentLogger, warn: (facts: object) => void lines.push(facts) } };
}

const oldPath = process.env["PATH"];
afterEach(() => {
  process.env["PATH"] = oldPath;
});

describe("the detection of GPUs", () => {
  it("reads the tools of all vendors, and numbers the devices over all of them", async () => {
    const gpus = await detectGpus(silentLogger, recorded(Object.keys(outputs)));
    expect(gpus).toEqual([
      {
        ...{ index: 0, name: "Tesla T4", vendor: "NVIDIA", memoryMiB: 15_360 },
        ...{ pciAddress: "00000000:00:1E.0", uuid: "GPU-11111111-aaaa" },
      },
      {
        ...{ index: 1, name: "NVIDIA A100-SXM4-80GB", vendor: "NVIDIA", memoryMiB: 81_920 },
        ...{ pciAddress: "00000000:00:1F.0", uuid: "GPU-22222222-bbbb" },
      },
      { index: 2, name: "AMD INSTINCT MI250", vendor: "AMD/ATI", memoryMiB: 65_520, pciAddress: "0000:03:00.0" },
      { index: 3, name: "AMD INSTINCT MI250", vendor: "AMD/ATI", memoryMiB: 65_520, pciAddress: "0000:26:00.0" },
      {
        ...{ index: 4, name: "Intel(R) Data Center GPU Flex 170", vendor: "Intel" },
        ...{ memoryMiB: 14_248, pciAddress: "0000:4d:00.0" },
      },
    ]);
    expect(gpuLabels(gpus)).toMatchObject({
      "GPU-0": "Tesla-T4",
      "GPU-0-Memory": "15360-MiB",
      "GPU-2": "AMD-INSTINCT-MI250",
    });
  });

  it("finds none where no tool is installed, and logs nothing", async () => {
    const { lines, logger } = listening();
    expect(await detectGpus(logger, recorded([]))).toEqual([]);
    expect(lines).toEqual([]);
  });

  it("leaves out a vendor whose tool fails or writes something else, and logs why", async () => {
    const { lines, logger } = listening();
    const broken = {
      ...outputs,
      "nvidia-smi": "NVIDIA-SMI has failed because it couldn't communicate with the driver",
    };
    const gpus = await detectGpus(logger, recorded(Object.keys(outputs), { ...broken, "rocm-smi": "{" }));
    expect(gpus.map(({ vendor }) => vendor)).toEqual(["Intel"]);
    expect(lines).toMatchObject([{ program: "nvidia-smi" }, { program: "rocm-smi" }]);
  });

  it.each(recordings)("reads what $vendor's tool printed: $what", async ({ vendor, stdout, gpus, warning }) => {
    const { lines, logger } = listening();
    const program = gpuTools.find((tool) => tool.vendor === vendor)?.program ?? expect.unreachable();
    const detected = await detectGpus(logger, recorded([program], { [program]: stdout }));
    expect(detected).toEqual(gpus.map((gpu, index) => ({ ...gpu, index, vendor })));
    expect(lines).toEqual(warning === undefined ? [] : [{ program, why: expect.stringContaining(warning) }]);
  });

  it("does not offer a device whose fields are errors", async () => {
    const lost = `1, NVIDIA L4, [GPU is lost], 00000000:01:00.0, [GPU is lost]\n${nvidiaOutput}`;
    const gpus = await detectGpus(silentLogger, recorded(["nvidia-smi"], { "nvidia-smi": lost }));
    expect(gpus.map(({ name }) => name)).toEqual(["Tesla T4", "NVIDIA A100-SXM4-80GB"]);
  });

  const withTool = async (lines: string) => {
    const folder = await mkdtemp(join(tmpdir(), "shoal-gpu-"));
    await writeFile(join(folder, "nvidia-smi"), `#!/bin/sh\n${lines}\n`);
    await chmod(join(folder, "nvidia-smi"), 0o755);
    process.env["PATH"] = `${folder}:/usr/bin:/bin`;
    const listener = listening();
    const gpus = await detectGpus(listener.logger);
    await rm(folder, { recursive: true });
    return { gpus, warnings: listener.lines };
  };

  it("runs the tools of the machine", async () => {
    const { gpus } = await withTool('echo "0, ${1%%,*}, 1, 0:0, GPU-1"');
    const asked = "--query-gpu=index"; // The output is split at commas.
    expect(gpus).toMatchObject([{ name: asked, vendor: "NVIDIA" }]);
  });

  it("offers what a tool lists that ends with an error", async () => {
    const { gpus, warnings } = await withTool("echo 0, Tesla V100, 32510, 0:0, GPU-1; exit 14");
    expect(gpus).toMatchObject([{ name: "Tesla V100" }]);
    expect(warnings).toMatchObject([{ program: "nvidia-smi", why: expect.stringContaining("Command failed") }]);
  });

  it("offers nothing that a killed tool listed", async () => {
    const { gpus, warnings } = await withTool("echo 0, Tesla V100, 32510, 0:0, GPU-1; kill -9 $$");
    expect(gpus).toEqual([]);
    expect(warnings).toMatchObject([{ program: "nvidia-smi" }]);
  });
});
