import type { ServiceHealth } from "@shoal/node";
import { compactHeap } from "../process/compact-heap.ts";
import type { SettingSources } from "./given.ts";

/** What a process of a cluster can be. */
export const roles = ["requester", "compute"] as const;
export type Role = (typeof roles)[number];

/** What a role needs to run. */
export interface RoleContext {
  readonly given: SettingSources;
  readonly quit: Promise<void>;
  readonly onReady: (facts: object, health: () => ServiceHealth) => void;
}

/** How each role runs; loaded on demand, because most commands need neither. */
const starters: Readonly<Record<Role, (serving: RoleContext) => Promise<void>>> = {
  requester: async (serving) => {
    const { serveRequester } = await import("@shoal/requester");
    compactHeap();
    await serveRequester(serving);
  },
  compute: async (serving) => {
    const { serveCompute } = await import("@shoal/compute");
    compactHeap();
    await serveCompute(serving);
  },
};

/** Runs a part of a cluster until `quit`; resolves when it has stopped in order. */
export const startRole = (role: Role, serving: RoleContext): Promise<void> => starters[role](serving);
