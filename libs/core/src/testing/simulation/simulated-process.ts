import type { Clock } from "../../clock.ts";
import { Fault } from "../../fault.ts";
import type { Random } from "../../ports/random.ts";
import type { ManualClock } from "../manual-clock.ts";
import type { Prng } from "../prng.ts";
import type { Faults } from "./faults.ts";
import { createFifoChannel, type FifoChannel } from "./fifo-channel.ts";
import { seededRandom } from "./random.ts";

/** One simulated process, from its start to its end: all its messages pass here. */
export interface SimulatedProcess {
  readonly name: string;
  /** The process's own view of time: stopped once it is dead, late while it is paused. */
  readonly clock: Clock;
  readonly random: Random;
  isAlive(): boolean;
  /** How many callbacks the process waits for on its clock: a process that has stopped cleanly waits for none. */
  planned(): number;
  /** kill -9: no promise of the process settles any more and none of its callbacks is called. Sent messages still arrive. */
  kill(): void;
  /** Calls back once, when the process dies. */
  onKilled(callback: () => void): void;
  /** The process pauses and continues at `at`, with everything that arrived meanwhile. */
  pauseUntil(at: number): void;
  /** Moves the process's clock by this many milliseconds; backwards when negative. Planned callbacks keep their durations. */
  jumpClock(byMs: number): void;
  /** The process cannot reach the servers until `at`; `Infinity` means forever. */
  cutUntil(at: number): void;
  /** Calls back whenever a cut has ended. */
  onRejoined(callback: () => void): () => void;
  /**
   * Sends a request to the servers and resolves with its result. Requests of one channel arrive in the order they were
   * made in. Rejects with LOG_UNREACHABLE when no answer came: whether it was executed is unknown then.
   */
  exchange<T>(channel: string, work: () => T): Promise<T>;
  /** Sends a message once; it may be lost. */
  send(channel: string, work: () => void): void;
  /** A channel from the servers to the process, in order. Messages wait while the process is cut off. */
  pushChannel(): PushChannel;
  /** The same for messages that may be lost. */
  pushOnce(callback: () => void): void;
}

export interface PushChannel {
  push(callback: () => void): void;
  close(): void;
  /** Calls back once it is closed or the process has died. */
  onClosed(callback: () => void): void;
}

/** What a simulated process needs of its cluster. */
export interface NetworkModel {
  readonly clock: ManualClock;
  readonly prng: Prng;
  readonly faults: () => Faults;
  /** No process reaches the servers before this time. */
  readonly downUntil: () => number;
  /** How far the machine's clock is ahead of the true time, milliseconds. */
  readonly skewMs: number;
}

// The timeout of a request; the order of magnitude of the real client's.
const requestTimeoutMs = 2_000;

/** The delay of the next message. */
export function delay({ prng, faults }: NetworkModel): number {
  const { delayMs, slow, slowMs } = faults();
  return prng.between(0, prng.happens(slow) ? slowMs : delayMs);
}

export function createSimulatedProcess(network: NetworkModel, name: string): SimulatedProcess {
  const { clock, prng } = network;
  const lifetime = createLifetime(network);
  let cutUntilAt = 0;
  const openAt = (): number => Math.max(cutUntilAt, network.downUntil());
  const isCut = (): boolean => openAt() > clock.now();
  const rejoined = new Set<() => void>();
  const outbound = new Map<string, FifoChannel>();
  const planned = new Set<object>();
  const skew = { ms: network.skewMs };
  const send = (channel: string, arrive: () => void): void => {
    // A message sent during a cut is lost, so this channel is never blocked.
    const fifo = outbound.get(channel) ?? createFifoChannel(clock, () => 0);
    outbound.set(channel, fifo);
    fifo.push(clock.now() + delay(network), arrive);
  };
  return {
    name,
    clock: ownClock(network, { lifetime, planned, skew }),
    random: seededRandom(prng.split("chance")),
    isAlive: lifetime.isAlive,
    planned: () => planned.size,
    kill: lifetime.kill,
    onKilled: lifetime.onKilled,
    pauseUntil: lifetime.pauseUntil,
    jumpClock(byMs) {
      skew.ms += byMs;
    },
    cutUntil(at) {
      cutUntilAt = Math.max(cutUntilAt, at);
      if (!Number.isFinite(at)) return;
      clock.at(at, () => {
        if (!isCut()) for (const callback of rejoined) callback();
      });
    },
    onRejoined(callback) {
      rejoined.add(callback);
      return () => rejoined.delete(callback);
    },
    exchange: (channel, work) => exchange({ network, lifetime, isCut, send: (arrive) => send(channel, arrive) }, work),
    send(channel, work) {
      if (!lifetime.isAlive()) return;
      send(channel, () => {
        if (!isCut() && !prng.happens(network.faults().messageLost)) work();
      });
    },
    pushChannel: () => createPushChannel(network, lifetime, openAt),
    pushOnce(callback) {
      if (prng.happens(network.faults().messageLost)) return;
      clock.at(clock.now() + delay(network), () => {
        if (!isCut()) lifetime.enter(callback);
      });
    },
  };
}

interface OwnTime {
  readonly lifetime: Lifetime;
  readonly planned: Set<object>;
  /** How far the machine's clock is ahead now. */
  readonly skew: { readonly ms: number };
}

function ownClock({ clock }: NetworkModel, { lifetime, planned, skew }: OwnTime): Clock {
  return {
    now: () => clock.now() + skew.ms,
    at(at, callback) {
      const task = {};
      planned.add(task);
      const cancel = clock.at(at - skew.ms, () =>
        lifetime.enter(() => {
          // Cancelled while the process was paused: the callback had left the clock already.
          if (planned.delete(task)) callback();
        }),
      );
      return () => {
        planned.delete(task);
        cancel();
      };
    },
  };
}

function createPushChannel(network: NetworkModel, lifetime: Lifetime, openAt: () => number): PushChannel {
  const { clock } = network;
  const fifo = createFifoChannel(clock, openAt);
  const leave: (() => void)[] = [];
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    for (const callback of leave) callback();
  };
  lifetime.onKilled(close);
  const call = (callback: () => void) => open && callback();
  return {
    push(callback) {
      if (open) fifo.push(clock.now() + delay(network), () => lifetime.enter(() => call(callback)));
    },
    close,
    onClosed: (callback) => leave.push(callback),
  };
}

interface Lifetime {
  isAlive(): boolean;
  kill(): void;
  onKilled(callback: () => void): void;
  pauseUntil(at: number): void;
  /** Runs a callback in the process: now, after the pause, or never. */
  enter(callback: () => void): void;
}

function createLifetime({ clock }: NetworkModel): Lifetime {
  let alive = true;
  let pausedUntilAt = 0;
  const killListeners: (() => void)[] = [];
  const backlog = createFifoChannel(clock, () => pausedUntilAt);
  const run = (callback: () => void) => alive && callback();
  return {
    isAlive: () => alive,
    kill() {
      if (!alive) return;
      alive = false;
      for (const listener of killListeners) listener();
    },
    onKilled: (callback) => killListeners.push(callback),
    pauseUntil(at) {
      pausedUntilAt = Math.max(pausedUntilAt, at);
    },
    enter(callback) {
      if (!alive) return;
      if (pausedUntilAt <= clock.now() && backlog.isEmpty()) callback();
      else backlog.push(clock.now(), () => run(callback));
    },
  };
}

interface ExchangeParts {
  readonly network: NetworkModel;
  readonly lifetime: Lifetime;
  readonly isCut: () => boolean;
  readonly send: (arrive: () => void) => void;
}

function exchange<T>({ network, lifetime, isCut, send }: ExchangeParts, work: () => T): Promise<T> {
  const { clock, prng, faults } = network;
  const sentAt = clock.now();
  return new Promise((resolve, reject) => {
    const answer = (settle: () => void) => clock.at(clock.now() + delay(network), () => lifetime.enter(settle));
    // A broken connection is noticed at once, a lost message only by its timeout.
    const lost = (): void => {
      const at = isCut() ? clock.now() : sentAt + requestTimeoutMs;
      clock.at(at, () => lifetime.enter(() => reject(new Fault("LOG_UNREACHABLE", "no answer came"))));
    };
    const crash = lifetime.isAlive() && prng.happens(faults().crash) ? prng.pick(["before", "after"]) : "never";
    if (crash === "before") lifetime.kill();
    if (!lifetime.isAlive()) return;
    send(() => {
      if (isCut() || prng.happens(faults().requestLost)) return lost();
      try {
        const result = work();
        if (isCut() || prng.happens(faults().replyLost)) lost();
        else answer(() => resolve(result));
      } catch (failure) {
        answer(() => reject(failure));
      }
      if (crash === "after") lifetime.kill();
    });
  });
}
