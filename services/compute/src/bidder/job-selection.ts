import type { ComputePorts, NodeSettings, SelectionSettings } from "../ports.ts";
import type { JobSelection } from "./policies/policy.ts";
import { execProbe } from "./probes/exec-probe.ts";
import { httpProbe } from "./probes/http-probe.ts";
import type { Probe } from "./probes/probe.ts";
import { VerdictCache } from "./probes/verdict-cache.ts";

const anyJob: SelectionSettings = {
  ...{ locality: "anywhere", rejectStateless: false },
  ...{ probeExec: "", probeHttp: "", probeMs: 0 },
};

/** What the policies use, from the operator's settings. */
export function jobSelection(
  { nodeId, selection = anyJob }: Pick<NodeSettings, "nodeId" | "selection">,
  { clock, env }: Pick<ComputePorts, "clock" | "env">,
): JobSelection {
  const { locality, rejectStateless, probeExec, probeHttp, probeMs: limitMs } = selection;
  const probes: Probe[] = [];
  if (probeExec !== "") probes.push(execProbe({ command: probeExec, limitMs, env }));
  if (probeHttp !== "") probes.push(httpProbe({ url: probeHttp, limitMs }));
  return { locality, rejectStateless, probes: probes.map((probe) => new VerdictCache({ probe, nodeId, clock })) };
}
