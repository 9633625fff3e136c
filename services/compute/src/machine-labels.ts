import { arch, platform } from "node:os";

// The field names systems and processors as Go does.
const systems: Readonly<Record<string, string>> = { win32: "windows" };
const processors: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** What every node says of its machine without being told. */
export function machineLabels(): Readonly<Record<string, string>> {
  return { os_type: systems[platform()] ?? platform(), os_arch: processors[arch()] ?? arch() };
}
