// What the demo shares with the command line. The published package does not export it.
export { banner } from "../devstack/banner.ts";
export { knownCluster } from "../devstack/known-cluster.ts";
export { type DevstackSettings, defaults } from "../devstack/settings.ts";
export { type Devstack, startDevstack } from "../devstack/start-devstack.ts";
export { exitOf, sayFailure } from "../failure.ts";
export { paint } from "../output/paint.ts";
export { oneLine } from "../output/safe-text.ts";
export { timeOfDay } from "../output/times.ts";
export { listenForQuit, type Quit } from "../process/quit.ts";
export { eventTextOf, subjectOf } from "../progress/event-text.ts";
export { replayOf } from "../replay/replay-of.ts";
export { reportLines } from "../replay/report-lines.ts";
export { allowanceOf } from "../results/allowance.ts";
export { downloadOf } from "../results/download.ts";
export { unpack } from "../results/unpack.ts";
export { processTerminal, type Terminal } from "../terminal.ts";
