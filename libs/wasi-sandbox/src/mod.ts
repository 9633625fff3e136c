export { type Cgroup, type CgroupPlace, type Cgroups, cgroupsIfAny } from "./cgroup.ts";
export type {
  Guest,
  GuestExit,
  GuestInput,
  GuestOutput,
  GuestProgram,
  HttpRequest,
  HttpResponse,
  RunningGuest,
} from "./guest.ts";
export { type IsolationOption, isolationOptions } from "./isolation.ts";
export { type SandboxLimits, sandboxLimits } from "./limits.ts";
export {
  type GuestIsolation,
  guestIsolations,
  type WasiSandbox,
  type WasiSandboxOptions,
  wasiSandbox,
} from "./wasi-sandbox.ts";
