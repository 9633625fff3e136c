import { describe, expect, it } from "vitest";
import { capacityOf, perTaskOf } from "./machine.ts";

const machine = { cpuCores: 3, memoryBytes: 1_001, diskBytes: 10_000, gpus: 2 };
const silent = { cpu: "", memory: "", disk: "", gpu: "" };

describe("what a node gives", () => {
  it("is 80 % of the machine where nothing is said, in whole bytes and devices", () => {
    expect(capacityOf(silent, machine)).toEqual({ cpuCores: 2.4, memoryBytes: 800, diskBytes: 8_000, gpus: 1 });
  });
  it("is what was said, in amounts or shares", () => {
    const said = { cpu: "500m", memory: "50%", disk: "1kb", gpu: "0" };
    expect(capacityOf(said, machine)).toEqual({ cpuCores: 0.5, memoryBytes: 500, diskBytes: 1_000, gpus: 0 });
  });
  it("may go whole to one task where nothing else is said", () => {
    expect(perTaskOf({ ...silent, cpu: "50%" }, machine)).toEqual({ ...machine, cpuCores: 1.5 });
  });
});
