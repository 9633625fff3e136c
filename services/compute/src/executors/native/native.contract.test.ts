import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { executorContract, type WorkloadFields } from "../contract.ts";
import { native } from "./native.ts";
import { nativeDefaults } from "./native-settings.ts";

const sh = (script: string, ...args: readonly string[]): WorkloadFields => ({
  params: { Command: "sh", Arguments: ["-c", script, "sh", ...args] },
});
const folder = mkdtempSync(join(tmpdir(), "shoal-native-"));
const settings = { ...nativeDefaults, user: "47111:47111" };
const probe = native({ clock: systemClock(), folder, settings });

executorContract("native", {
  executor: () => native({ clock: systemClock({ unref: true }), folder, settings }),
  makers: {
    exits: (exitCode) => sh(`exit ${exitCode}`),
    prints: (stdout, stderr) => sh('printf %s "$1"; printf %s "$2" >&2', stdout, stderr),
    runsForEver: () => sh("while :; do sleep 60; done"),
    cannotStart: () => ({ params: { Command: "no-such-program" } }),
    writes: (path) => sh('echo changed >"$1"', path),
    copies: (from, to) => sh('cat "$1" >"$2"', from, to),
  },
  survives: true,
  missing: await probe.unavailable(),
});
