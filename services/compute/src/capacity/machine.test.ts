import { describe, expect, it } from "vitest";
import { ComputeConfig } from "../config.ts";
import { capacityOf, oversubscribed, perTaskOf } from "./machine.ts";

const machine = { cpuCores: 3, memoryBytes: 1_001, diskBytes: 10_000, gpus: 2 };
const silent = { cpu: "", memory: "", disk: "", gpu: "" };

describe("the resources that a node offers", () => {
  it("are 80 % of the machine by default, in whole bytes, and all GPUs", () => {
    expect(capacityOf(silent, machine)).toEqual({ cpuCores: 2.4, memoryBytes: 800, diskBytes: 8_000, gpus: 2 });
  });
  it("are the configured amounts or shares", () => {
    const settings = { cpu: "500m", memory: "50%", disk: "1kb", gpu: "0" };
    expect(capacityOf(settings, machine)).toEqual({ cpuCores: 0.5, memoryBytes: 500, diskBytes: 1_000, gpus: 0 });
  });
  it("have more cores than the machine when its operator oversubscribes them, and no more of the rest", () => {
    expect(oversubscribed(machine, 1)).toEqual(machine);
    expect(oversubscribed(machine, 1.5)).toEqual({ ...machine, cpuCores: 4.5 });
    expect(ComputeConfig.parse({}).capacity.oversubscription).toBe(1);
    expect(ComputeConfig.safeParse({ capacity: { oversubscription: 0.5 } }).success).toBe(false);
  });
  it("are the limit of one task by default", () => {
    expect(perTaskOf({ ...silent, cpu: "50%" }, machine)).toEqual({ ...machine, cpuCores: 1.5 });
  });
});
