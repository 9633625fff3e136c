import type { Clock } from "../../clock.ts";
import { Fault } from "../../fault.ts";
import type { Random } from "../../ports/random.ts";
import type { Dice } from "../dice.ts";
import type { HandClock } from "../hand-clock.ts";
import { seededChance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { createLane, type Lane } from "./lane.ts";

/** The place of one process at the sea, from its start to its end: everything it says and hears passes here. */
export interface Berth {
  readonly name: string;
  /** The process's own view of time: silent once it is dead, late while it is paused. */
  readonly clock: Clock;
  readonly random: Random;
  isAlive(): boolean;
  /** How many callbacks the process waits for on its clock: a process that has stopped cleanly waits for none. */
  planned(): number;
  /** kill -9: no promise of the process settles any more and none of its callbacks is called. What it has sent travels on. */
  kill(): void;
  /** Calls back once, when the process dies. */
  onKilled(callback: () => void): void;
  /** The process stands still and goes on at `at`, with everything that came meanwhile. */
  pauseUntil(at: number): void;
  /** The process's clock is ahead by so much more from now on, milliseconds; behind when negative. What is planned keeps its duration. */
  jumpClock(byMs: number): void;
  /** The process cannot reach the servers until `at`; for ever, if that is Infinity. */
  cutUntil(at: number): void;
  /** Calls back whenever a cut has ended. */
  onRejoined(callback: () => void): () => void;
  /**
   * Asks the servers to do something and resolves with what came of it. Requests of one channel arrive in the order they were
   * made in. Rejects with LOG_UNREACHABLE when no answer came: then it was done, or it was not.
   */
  exchange<T>(channel: string, work: () => T): Promise<T>;
  /** Says something once; it may be lost. */
  tell(channel: string, work: () => void): void;
  /** A way from the servers to the process, in order. What is pushed while the process is cut off waits. */
  hearing(): Hearing;
  /** The same for what may be lost. */
  hearsMaybe(callback: () => void): void;
}

export interface Hearing {
  push(callback: () => void): void;
  close(): void;
  /** Calls back once it is closed or the process has died. */
  onClosed(callback: () => void): void;
}

/** What a berth needs of the sea it lies in. */
export interface Water {
  readonly clock: HandClock;
  readonly dice: Dice;
  readonly faults: () => Faults;
  /** Nobody reaches the servers before this time. */
  readonly downUntil: () => number;
  /** So much is the machine's clock ahead of the true time, milliseconds. */
  readonly skewMs: number;
}

// How long a request waits for its answer; the order of magnitude of the real client's.
const requestTimeoutMs = 2_000;

/** How long one message takes now. */
export function delay({ dice, faults }: Water): number {
  const { delayMs, slow, slowMs } = faults();
  return dice.between(0, dice.chance(slow) ? slowMs : delayMs);
}

export function createBerth(water: Water, name: string): Berth {
  const { clock, dice } = water;
  const life = createLife(water);
  let cutUntilAt = 0;
  const openAt = (): number => Math.max(cutUntilAt, water.downUntil());
  const isCut = (): boolean => openAt() > clock.now();
  const rejoined = new Set<() => void>();
  const outbound = new Map<string, Lane>();
  const planned = new Set<object>();
  const skew = { ms: water.skewMs };
  const send = (channel: string, arrive: () => void): void => {
    // What a process sends into a cut is lost, so nothing bars this lane.
    const lane = outbound.get(channel) ?? createLane(clock, () => 0);
    outbound.set(channel, lane);
    lane.push(clock.now() + delay(water), arrive);
  };
  return {
    name,
    clock: ownClock(water, { life, planned, skew }),
    random: seededChance(dice.split("chance")),
    isAlive: life.isAlive,
    planned: () => planned.size,
    kill: life.kill,
    onKilled: life.onKilled,
    pauseUntil: life.pauseUntil,
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
    exchange: (channel, work) => exchange({ water, life, isCut, send: (arrive) => send(channel, arrive) }, work),
    tell(channel, work) {
      if (!life.isAlive()) return;
      send(channel, () => {
        if (!isCut() && !dice.chance(water.faults().messageLost)) work();
      });
    },
    hearing: () => createHearing(water, life, openAt),
    hearsMaybe(callback) {
      if (dice.chance(water.faults().messageLost)) return;
      clock.at(clock.now() + delay(water), () => {
        if (!isCut()) life.enter(callback);
      });
    },
  };
}

interface OwnTime {
  readonly life: Life;
  readonly planned: Set<object>;
  /** How far the machine's clock is ahead now. */
  readonly skew: { readonly ms: number };
}

function ownClock({ clock }: Water, { life, planned, skew }: OwnTime): Clock {
  return {
    now: () => clock.now() + skew.ms,
    at(at, callback) {
      const task = {};
      planned.add(task);
      const cancel = clock.at(at - skew.ms, () =>
        life.enter(() => {
          // Cancelled while the process stood still: the callback had left the clock already.
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

function createHearing(water: Water, life: Life, openAt: () => number): Hearing {
  const { clock } = water;
  const lane = createLane(clock, openAt);
  const leave: (() => void)[] = [];
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    for (const callback of leave) callback();
  };
  life.onKilled(close);
  const call = (callback: () => void) => open && callback();
  return {
    push(callback) {
      if (open) lane.push(clock.now() + delay(water), () => life.enter(() => call(callback)));
    },
    close,
    onClosed: (callback) => leave.push(callback),
  };
}

interface Life {
  isAlive(): boolean;
  kill(): void;
  onKilled(callback: () => void): void;
  pauseUntil(at: number): void;
  /** Runs a callback in the process: now, after the pause, or never. */
  enter(callback: () => void): void;
}

function createLife({ clock }: Water): Life {
  let alive = true;
  let pausedUntilAt = 0;
  const mourners: (() => void)[] = [];
  const backlog = createLane(clock, () => pausedUntilAt);
  const run = (callback: () => void) => alive && callback();
  return {
    isAlive: () => alive,
    kill() {
      if (!alive) return;
      alive = false;
      for (const mourner of mourners) mourner();
    },
    onKilled: (callback) => mourners.push(callback),
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

interface Way {
  readonly water: Water;
  readonly life: Life;
  readonly isCut: () => boolean;
  readonly send: (arrive: () => void) => void;
}

function exchange<T>({ water, life, isCut, send }: Way, work: () => T): Promise<T> {
  const { clock, dice, faults } = water;
  const sentAt = clock.now();
  return new Promise((resolve, reject) => {
    const answer = (settle: () => void) => clock.at(clock.now() + delay(water), () => life.enter(settle));
    // A broken connection is noticed at once, a lost message only by waiting.
    const lost = (): void => {
      const at = isCut() ? clock.now() : sentAt + requestTimeoutMs;
      clock.at(at, () => life.enter(() => reject(new Fault("LOG_UNREACHABLE", "no answer came"))));
    };
    const crash = life.isAlive() && dice.chance(faults().crash) ? dice.pick(["before", "after"]) : "never";
    if (crash === "before") life.kill();
    if (!life.isAlive()) return;
    send(() => {
      if (isCut() || dice.chance(faults().requestLost)) return lost();
      try {
        const result = work();
        if (isCut() || dice.chance(faults().replyLost)) lost();
        else answer(() => resolve(result));
      } catch (failure) {
        answer(() => reject(failure));
      }
      if (crash === "after") life.kill();
    });
  });
}
