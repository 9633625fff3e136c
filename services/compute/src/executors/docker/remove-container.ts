import type { Clock } from "@shoal/core";
import type Docker from "dockerode";
import { engineFault, statusOf } from "./engine-fault.ts";
import { callLimitMs, within } from "./within.ts";

// 404: it is gone; 409: somebody is removing it. Both are what was wanted.
const fine: readonly (number | undefined)[] = [404, 409];

/** Ends a container and removes it with its own volumes; one that is gone is fine. Throws a Fault when it stays. */
export async function removeContainer(docker: Docker, clock: Clock, containerId: string): Promise<void> {
  try {
    const removed = docker.getContainer(containerId).remove({ force: true, v: true });
    await within(removed, { clock, limitMs: callLimitMs, what: "removing a container" });
  } catch (failure) {
    if (!fine.includes(statusOf(failure))) throw engineFault(failure, `removing container ${containerId}`);
  }
}
