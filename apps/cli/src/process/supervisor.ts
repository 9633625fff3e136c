import { spawn } from "node:child_process";
import type { ServiceHealth } from "@shoal/node";

/** The service manager that started this process, as systemd's `Type=notify`. Without one nothing is sent. */
export interface Supervisor {
  /** Reports readiness, and feeds the watchdog while the service is alive. */
  ready(health: () => ServiceHealth): void;
  /** Reports that the service stops. */
  stopping(): void;
}

/** How `systemd-notify` is run. */
export type SendNotice = (assignments: readonly string[]) => void;

// Half of the watchdog's time, as systemd recommends. Without a watchdog the status line is updated at this interval.
const watchdogPart = 2;
const statusEveryMs = 30_000;
// systemd shows one line.
const statusChars = 200;

/**
 * Reports to the service manager named by the environment. Node has no Unix datagram sockets, so each report runs `systemd-notify`
 * (some 20 ms, twice in each watchdog period); a unit needs `NotifyAccess=all` for it.
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

/** A report that cannot be sent is dropped: the manager's watchdog detects silence. */
function sendBySystemd(env: Readonly<Record<string, string | undefined>>): SendNotice {
  return (assignments) => {
    const { PATH = "/usr/bin:/bin", NOTIFY_SOCKET } = env;
    const child = spawn("systemd-notify", [...assignments], { env: { PATH, NOTIFY_SOCKET }, stdio: "ignore" });
    child.on("error", () => undefined);
    child.unref();
  };
}
