import { readFile } from "node:fs/promises";
import type { Clock } from "@shoal/core";
import type Docker from "dockerode";
import { z } from "zod";
import { folderBytes } from "../../disk-watch.ts";
import { treeOf } from "../../process-tree.ts";
import { removedBytes } from "../../removed-bytes.ts";
import type { Workload } from "../executor.ts";
import { callLimitMs, within } from "./within.ts";

export interface MeasuredContainer {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly containerId: string;
  readonly workload: Workload;
}

const Measured = z.object({ SizeRw: z.number().nullish(), State: z.object({ Pid: z.number() }) });

/**
 * The bytes that a container has written: the layer above its image, its result folders, and files that it has removed
 * and keeps open. The last ones are seen only by a node that is root in the process namespace of the engine.
 */
export async function containerBytes({ docker, clock, containerId, workload }: MeasuredContainer): Promise<number> {
  // The client's types do not know the option.
  const options: object = { size: true };
  const inspected = docker.getContainer(containerId).inspect(options);
  const { SizeRw, State } = Measured.parse(
    await within<unknown>(inspected, { clock, limitMs: callLimitMs, what: "measuring a container" }),
  );
  const isHere = (await readFile(`/proc/${State.Pid}/cgroup`, "utf8").catch(() => "")).includes(containerId);
  let bytes = (SizeRw ?? 0) + (isHere ? await removedBytes(treeOf(State.Pid)) : 0);
  for (const { hostPath } of workload.outputs)
    bytes += await folderBytes(hostPath, workload.resources.diskBytes - bytes);
  return bytes;
}
