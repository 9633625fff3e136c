import type { Clock } from "@shoal/core";
import type Docker from "dockerode";
import { z } from "zod";
import { folderBytes } from "../../disk-watch.ts";
import type { Work } from "../executor.ts";
import { callLimitMs, within } from "./within.ts";

export interface MeasuredContainer {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly containerId: string;
  readonly work: Work;
}

const Sizes = z.object({ SizeRw: z.number().nullish() });

/** The bytes that a container has written: the layer above its image, and its result folders. */
export async function containerBytes({ docker, clock, containerId, work }: MeasuredContainer): Promise<number> {
  // The client's types do not know the option.
  const options: object = { size: true };
  const inspected = docker.getContainer(containerId).inspect(options);
  const { SizeRw } = Sizes.parse(
    await within<unknown>(inspected, { clock, limitMs: callLimitMs, what: "measuring a container" }),
  );
  let bytes = SizeRw ?? 0;
  for (const { hostPath } of work.outputs) bytes += await folderBytes(hostPath, work.resources.diskBytes - bytes);
  return bytes;
}
