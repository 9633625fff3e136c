import { z } from "zod";

/** What may happen to a disk limit; the engine's storage driver enforces it in any case where it can. */
export const diskLimits = ["watch", "ignore", "refuse"] as const;

/** What a node's owner decides about all of its containers. */
export interface ContainerSettings {
  /** Capabilities that root keeps in a container; all others are dropped. */
  readonly capabilities: readonly Capability[];
  /** `user[:group]` of containers, instead of the image's; empty keeps the image's. */
  readonly user: string;
  /** Whether the root file system of a container is writable. */
  readonly readOnlyRoot: boolean;
  /** `watch` measures what a container writes, `ignore` does nothing, `refuse` does not start it without the driver. */
  readonly diskLimit: (typeof diskLimits)[number];
}

/** The defaults: a task needs none of these to run. */
export const containerDefaults: ContainerSettings = {
  capabilities: [],
  user: "",
  readOnlyRoot: false,
  diskLimit: "watch",
};

/**
 * The Linux capabilities that a task may get, as capabilities(7) lists them, without those that equal root on the host.
 */
export const Capability = z.enum([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "IPC_LOCK",
  "IPC_OWNER",
  "KILL",
  "LEASE",
  "MKNOD",
  "NET_ADMIN",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
  "SYS_NICE",
  "SYS_PTRACE",
  "SYS_RESOURCE",
]);
export type Capability = z.infer<typeof Capability>;

// user[:group], each a number or a name, as the engine accepts it.
export const userPattern = /^([A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?)?$/;
