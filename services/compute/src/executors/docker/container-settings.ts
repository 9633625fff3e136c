import { z } from "zod";

/** What a node's owner decides about every container that it makes. */
export interface ContainerSettings {
  /** Capabilities that a container's root keeps; all others are dropped. */
  readonly capabilities: readonly Capability[];
  /** `user[:group]` that programs run as, instead of the image's own; empty leaves the image's. */
  readonly user: string;
  /** Whether the image's own files can be written in a container. */
  readonly readOnlyRoot: boolean;
  /** What is done with a limit on disk where the engine's storage driver cannot keep one. */
  readonly diskLimit: "ignore" | "refuse";
}

/** Nothing that a task has to be given to run. */
export const containerDefaults: ContainerSettings = {
  capabilities: [],
  user: "",
  readOnlyRoot: false,
  diskLimit: "ignore",
};

/** The capabilities of Linux that a task may be given, as capabilities(7) lists them; those that equal root on the host are left out. */
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

// user[:group], each a number or a name, as the engine takes it.
export const userPattern = /^([A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?)?$/;
