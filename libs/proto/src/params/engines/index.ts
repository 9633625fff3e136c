import { DockerParams } from "./docker.ts";
import { NativeParams } from "./native.ts";
import { NoopParams } from "./noop.ts";
import { WasmParams } from "./wasm.ts";

/** The schema of the params of each engine, by the type that a job names. */
export const engineParams = {
  docker: DockerParams,
  native: NativeParams,
  noop: NoopParams,
  wasm: WasmParams,
} as const;
