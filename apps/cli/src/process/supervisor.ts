import { spawn } from "node:child_process";
import type { ServiceHealth } from "@shoal/node";

/** The service manager that started this process, as systemd's `Type=notify`. Without one nothing is sent. */
export interface Supervisor {
  /** The service works; from now on the watchdog is fed while it is alive. */
  ready(health: () => ServiceHealth): void;
  /** The service ends. */
  stopping(): void;
}

/** How `systemd-notify` is run. */
export type SendNotice = (assignments: readonly string[]) => void;

// What systemd recommends: half of its time. Without a watchdog the status line is still kept fresh.
const watchdogPart = 2;
const statusEveryMs = 30_000;
// systemd shows one line.
const statusChars = 200;

/**
 * Reports to the service manager that the environment names. Node has no datagram sockets of the file system, so each notice is a run of
 * `systemd-notify` (some 20 ms, twice in each watchdog period); a unit needs `NotifyAccess=all` for it.
 */
export function createSupervisor(
  env: Readonly<Record<string, string | undefined>>,
  send: SendNotice = sendBySystemd(env),
): Supervisor {
  if ((env["NOTIFY_SOCKET"] ?? "") === "") return { ready: () => {}, stopping: () => {} };
  const watchdogMs = Number(env["WATCHDOG_USEC"] ?? 0) / 1_000;
  const everyMs = watchdogMs > 0 ? watchdogMs / watchdogPart : statusEveryMs;
  let timer: NodeJS.Timeout | undefined;
  let status = "";

  function feed(health: () => ServiceHealth): void {
    const { alive, summary } = health();
    const next = `STATUS=${summary.replaceAll(/\s+/g, " ").slice(0, statusChars)}`;
    const notices = [...(alive && watchdogMs > 0 ? ["WATCHDOG=1"] : []), ...(next === status ? [] : [next])];
    status = next;
    if (notices.length > 0) send(notices);
  }
  return {
    ready(health) {
      send(["READY=1"]);
      feed(health);
      timer = setInterval(() => feed(health), everyMs).unref();
    },
    stopping() {
      clearInterval(timer);
      send(["STOPPING=1"]);
    },
  };
}

/** What cannot be sent is left: the manager notices silence by itself. */
function sendBySystemd(env: Readonly<Record<string, string | undefined>>): SendNotice {
  return (assignments) => {
    const { PATH = "/usr/bin:/bin", NOTIFY_SOCKET } = env;
    const child = spawn("systemd-notify", [...assignments], { env: { PATH, NOTIFY_SOCKET }, stdio: "ignore" });
    child.on("error", () => undefined);
    child.unref();
  };
}
