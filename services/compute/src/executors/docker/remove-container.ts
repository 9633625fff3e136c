import type { Clock } from "@shoal/core";
import type Docker from "dockerode";
import { engineFault, statusOf } from "./engine-fault.ts";
import { callLimitMs, within } from "./within.ts";

// 404: the container does not exist; 409: it is being removed. Both are the intended result.
const fine: readonly (number | undefined)[] = [404, 409];

/**
 * Ends a container and removes it with its volumes; succeeds when it does not exist. Throws a Fault when the removal
 * fails.
 */
export async function removeContainer(docker: Docker, clock: Clock, containerId: string): Promise<void> {
  try {
    const removed = docker.getContainer(containerId).remove({ force: true, v: true });
    await within(removed, { clock, limitMs: callLimitMs, what: "removing a container" });
  } catch (failure) {
    if (!fine.includes(statusOf(failure))) throw engineFault(failure, `removing container ${containerId}`);
  }
}
