import type { GpuDevice } from "@shoal/proto";
import type { ListedGpu } from "../gpu-tool.ts";

/** What a tool printed on a machine, and the GPUs that it means. docs/notes/gpu.md says how the rows were made. */
export interface GpuRecording {
  readonly what: string;
  /** Where it was published: a repository with a path, or an issue or pull request of it. */
  readonly source: string;
  readonly vendor: GpuDevice["vendor"];
  readonly stdout: string;
  readonly gpus: readonly ListedGpu[];
  /** What the warning contains, where there is one. */
  readonly warning?: string;
}

const captures = "utkuozdemir/nvidia_gpu_exporter internal/captures/linux-x86_64__nvidia-";
const telegraf = "influxdata/telegraf plugins/inputs/amd_rocm_smi/testdata/";
// Masked in the captures.
const uuid = "GPU-00000000-0000-0000-0000-000000000000";

const nvidia: readonly GpuRecording[] = [
  {
    what: "H100",
    source: `${captures}h100-80gb-hbm3__590.48.01.txt`,
    vendor: "NVIDIA",
    stdout: `0, NVIDIA H100 80GB HBM3, 81559, 00000000:00:09.0, ${uuid}\n`,
    gpus: [{ index: 0, name: "NVIDIA H100 80GB HBM3", memoryMiB: 81_559, pciAddress: "00000000:00:09.0", uuid }],
  },
  {
    what: "H200 in MIG mode: one line, with all of its memory",
    source: `${captures}h200-mig__590.48.01.txt`,
    vendor: "NVIDIA",
    stdout: `0, NVIDIA H200, 143771, 00000000:83:00.0, ${uuid}\n`,
    gpus: [{ index: 0, name: "NVIDIA H200", memoryMiB: 143_771, pciAddress: "00000000:83:00.0", uuid }],
  },
  {
    what: "GB10, which shares its memory with the processor",
    source: "unslothai/unsloth#10703, canonical/inference-snaps#143 (address), leptonai/gpud#1170 (UUID)",
    vendor: "NVIDIA",
    stdout: "0, NVIDIA GB10, [N/A], 0000000F:01:00.0, GPU-2dee1e25-b3b5-007e-2b55-79f2d0f2ebe5\n",
    gpus: [
      {
        ...{ index: 0, name: "NVIDIA GB10", memoryMiB: 0 },
        ...{ pciAddress: "0000000F:01:00.0", uuid: "GPU-2dee1e25-b3b5-007e-2b55-79f2d0f2ebe5" },
      },
    ],
  },
  {
    what: "a damaged ROM, of which a line after the devices warns",
    source: "NVIDIA/gpu-operator#20 (a table, with this line behind it)",
    vendor: "NVIDIA",
    stdout: `0, Quadro P4000, 8105, 00000000:B3:00.0, ${uuid}\nWARNING: infoROM is corrupted at gpu 0000:B3:00.0\n`,
    gpus: [{ index: 0, name: "Quadro P4000", memoryMiB: 8105, pciAddress: "00000000:B3:00.0", uuid }],
    warning: "infoROM is corrupted at gpu 0000:B3:00.0",
  },
  {
    what: "a device that does not answer, beside one that does",
    source: "NVIDIA/nvidia-docker#1553 (the line), akash-network/support#209 (the other device)",
    vendor: "NVIDIA",
    stdout: `Unable to determine the device handle for GPU 0000:09:00.0: Unknown Error
0, NVIDIA GeForce RTX 4090, 24564, 00000000:01:00.0, ${uuid}
`,
    gpus: [{ index: 0, name: "NVIDIA GeForce RTX 4090", memoryMiB: 24_564, pciAddress: "00000000:01:00.0", uuid }],
    warning: "Unable to determine the device handle for GPU 0000:09:00.0",
  },
];

const mi100 = (bus: string) => ({
  "PCI Bus": `0000:${bus}:00.0`,
  "VRAM Total Memory (B)": "34342961152",
  "VRAM Total Used Memory (B)": "6750208",
  "Card series": "Arcturus GL-XL [Instinct MI100]",
  "Card model": "0x0c34",
  "Card vendor": "Advanced Micro Devices, Inc. [AMD/ATI]",
  "Card SKU": "D3431401",
});
const mi50 = (bus: string, partition: string) => ({
  "PCI Bus": `0000:${bus}:00.0`,
  "Card Series": "N/A",
  "Card Model": "0x66a1",
  "Card Vendor": "Advanced Micro Devices, Inc. [AMD/ATI]",
  "Card SKU": "D1631700",
  "Subsystem ID": "0x0834",
  "Device Rev": "0x02",
  "Compute Partition": partition,
  "GFX Version": "gfx906",
});

const amd: readonly GpuRecording[] = [
  {
    what: "four MI100, ROCm 6.0",
    source: `${telegraf}mi100_rocm602.json`,
    vendor: "AMD/ATI",
    stdout: JSON.stringify({
      ...{ card0: mi100("83"), card1: mi100("A3"), card2: mi100("C3"), card3: mi100("E3") },
      system: { "Driver version": "6.3.6" },
    }),
    gpus: ["83", "A3", "C3", "E3"].map((bus, index) => ({
      ...{ index, name: "Arcturus GL-XL [Instinct MI100]", memoryMiB: 32_752, pciAddress: `0000:${bus}:00.0` },
    })),
  },
  {
    what: "RX 6700 XT, ROCm 6.1, with other names for some keys",
    source: `${telegraf}rx6700xt_rocm612.json`,
    vendor: "AMD/ATI",
    stdout: JSON.stringify({
      card0: {
        "PCI Bus": "0000:07:00.0",
        "VRAM Total Memory (B)": "12868124672",
        "VRAM Total Used Memory (B)": "1572745216",
        "Card Series": "Navi 22 [Radeon RX 6700/6700 XT / 6800M]",
        "Card Model": "0x73df",
        "Card Vendor": "Advanced Micro Devices, Inc. [AMD/ATI]",
        "Card SKU": "67XA6SSB1",
        "Subsystem ID": "0x6601",
        "Device Rev": "0xc1",
        "Node ID": "1",
        GUID: "55069",
        "GFX Version": "gfx1031",
      },
    }),
    gpus: [
      {
        ...{ index: 0, name: "Navi 22 [Radeon RX 6700/6700 XT / 6800M]" },
        ...{ memoryMiB: 12_272, pciAddress: "0000:07:00.0" },
      },
    ],
  },
  {
    what: "cards without a name and without memory; two are partitions of one device",
    source: "mahendrapaipuri/ceems pkg/collector/testdata/rocm-smi (its command does not ask for memory)",
    vendor: "AMD/ATI",
    stdout: JSON.stringify({ card0: mi50("C5", "SPX"), card9: mi50("8A", "DPX"), card10: mi50("8A", "DPX") }),
    gpus: [
      { index: 0, name: "AMD GPU 0x66a1", memoryMiB: 0, pciAddress: "0000:C5:00.0" },
      { index: 9, name: "AMD GPU 0x66a1", memoryMiB: 0, pciAddress: "0000:8A:00.0" },
    ],
  },
  {
    what: "a card of which the driver says neither address nor memory, beside one that it knows",
    source: "ROCm/rocm_smi_lib python_smi_tools/rocm_smi.py (printLog and formatJson of None)",
    vendor: "AMD/ATI",
    stdout: JSON.stringify({
      card0: { "VRAM Total Memory (B)": "None", "VRAM Total Used Memory (B)": "None", "Card Series": "N/A" },
      card1: mi100("83"),
    }),
    gpus: [{ index: 1, name: "Arcturus GL-XL [Instinct MI100]", memoryMiB: 32_752, pciAddress: "0000:83:00.0" }],
    warning: "card0",
  },
];

const max1550 = (index: number, pciAddress: string, memoryMiB: number) => ({
  ...{ index, name: "Intel(R) Data Center GPU Max 1550", pciAddress, memoryMiB },
});

const intel: readonly GpuRecording[] = [
  {
    what: "two Max 1550, xpu-smi 1.3.5",
    source:
      "leonhostetler/lqcd-agent-handbook tools/xpu-smi-memory-rows.sh, nicejunjie/intel-smi README.md (addresses)",
    vendor: "Intel",
    stdout: `Device ID,Device Name,PCI BDF Address,Memory Physical Size
0,"Intel(R) Data Center GPU Max 1550","0000:4b:00.0","131072.00 MiB"
1,"Intel(R) Data Center GPU Max 1550","0000:5c:00.0","131072.00 MiB"
`,
    gpus: [max1550(0, "0000:4b:00.0", 131_072), max1550(1, "0000:5c:00.0", 131_072)],
  },
  {
    what: "a Max 1550, xpu-smi 1.2.43, which does not print its memory",
    source: "leonhostetler/lqcd-agent-handbook tools/xpu-smi-memory-rows.sh",
    vendor: "Intel",
    stdout: `Device ID,Device Name,PCI BDF Address,Memory Physical Size
0,"Intel(R) Data Center GPU Max 1550","0000:4b:00.0","N/A"
`,
    gpus: [max1550(0, "0000:4b:00.0", 0)],
  },
  {
    what: "an Arc Pro B60, xpu-smi 2.1, which has no quotes",
    source:
      "intel/xpumanager ial/cmn/cmd_discovery.cpp (the form), intel/xpumanager#169, sgl-project/sglang#38873 (name)",
    vendor: "Intel",
    stdout: `Device ID, Device Name, PCI BDF Address, Memory Physical Size
0, Intel(R) Arc(TM) Pro B60 Graphics, 0000:18:00.0, 24480.00 MiB
`,
    gpus: [{ index: 0, name: "Intel(R) Arc(TM) Pro B60 Graphics", pciAddress: "0000:18:00.0", memoryMiB: 24_480 }],
  },
  {
    what: "no device",
    source: "intel/xpumanager cli/src/comlet_discovery.cpp",
    vendor: "Intel",
    stdout: "No device discovered\n",
    gpus: [],
  },
];

/** Recorded output of the tools of all vendors. */
export const recordings: readonly GpuRecording[] = [...nvidia, ...amd, ...intel];
