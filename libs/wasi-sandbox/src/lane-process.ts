import type { Socket } from "node:net";
import { type Clock, Fault, within } from "@shoal/core";
import type { SandboxLimits } from "./limits.ts";
import { watchMemory } from "./process-memory.ts";
import type { Frame } from "./sandbox/frame.ts";
import {
  framesFrom,
  type GuestLimits,
  type SandboxProcess,
  type StartedProcess,
  type Surroundings,
  sendFrame,
  startProcess,
} from "./sandbox-process.ts";

interface GuestLane {
  readonly number: number;
  readonly socket: Socket;
  readonly frames: AsyncGenerator<Frame, void, void>;
  isReady: boolean;
  /** What the process may use for the guest on it; undefined without a guest. */
  use: GuestLimits | undefined;
  /** What its thread died of. */
  why: string;
}

export interface LaneProcessOptions {
  readonly clock: Clock;
  readonly limits: SandboxLimits;
  readonly surroundings: Surroundings;
  /** A lane has become ready for a guest, or a guest has ended. */
  readonly onChange: () => void;
}

/** A process that runs the guests of one namespace, each on a lane: in a thread that runs one guest at a time. */
export class LaneProcess {
  readonly #options: LaneProcessOptions;
  readonly #process: StartedProcess;
  readonly #lanes: readonly GuestLane[];
  readonly #stopWatch: () => void;
  readonly #firstReady = Promise.withResolvers<void>();
  #wasReady = false;
  #changedAt: number;
  #guests = 0;
  #isDraining = false;

  constructor(options: LaneProcessOptions) {
    this.#options = options;
    const { clock, limits, surroundings } = options;
    this.#changedAt = clock.now();
    this.#process = startProcess(limits, surroundings);
    this.#process.hold(false);
    const lane = (socket: Socket, number: number): GuestLane => {
      return { number, socket, frames: framesFrom(socket), isReady: false, use: undefined, why: "" };
    };
    this.#lanes = this.#process.laneSockets.map(lane);
    const bytesMax = () => this.#bytesMax();
    this.#stopWatch = watchMemory(clock, {
      pid: this.#process.pid ?? 0,
      bytesMax,
      everyMs: limits.watchMs,
      exceeded: (bytes) => this.#exceeded(bytes),
    });
    void this.#process.gone.then(() => {
      this.#isDraining = true;
      this.#stopWatch();
      options.onChange();
    });
    for (const one of this.#lanes) void this.#awaitReady(one);
  }

  get gone(): Promise<void> {
    return this.#process.gone;
  }
  /** When a lane has last become ready. */
  get changedAt(): number {
    return this.#changedAt;
  }
  get guests(): number {
    return this.#guests;
  }
  /** Whether it takes no further guest: a guest of it was killed, which may leave half a message on its lane. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Resolves when a first guest can come. Throws a Fault ENGINE_FAILED when none will. */
  async ready(): Promise<void> {
    const { clock, limits } = this.#options;
    const first = Promise.race([this.#firstReady.promise, this.#process.gone]);
    const why = `a process for guests was not ready within ${limits.readyMs} ms`;
    await within(first, { clock, limitMs: limits.readyMs, late: () => new Fault("ENGINE_FAILED", why) });
    if (this.#wasReady) return;
    const tail = this.#process.stderrTail().trim() || "its stderr is empty";
    throw new Fault("ENGINE_FAILED", `a process for guests could not be started: ${tail}`);
  }
  /** A lane that is ready, as the process of one guest; undefined when there is none. */
  take(): SandboxProcess | undefined {
    const lane = this.#isDraining ? undefined : this.#lanes.find(({ isReady }) => isReady);
    if (lane === undefined) return undefined;
    lane.isReady = false;
    lane.why = "";
    this.#guests += 1;
    this.#process.hold(true);
    return this.#asProcess(lane);
  }

  kill(): void {
    this.#isDraining = true;
    this.#process.kill();
  }

  #asProcess(lane: GuestLane): SandboxProcess {
    const gone = Promise.withResolvers<void>();
    let isOver = false;
    const over = () => {
      isOver = true;
      lane.use = undefined;
      gone.resolve();
    };
    void gone.promise.then(() => this.#released(lane));
    return {
      frames: framesOfGuest(lane, over),
      send: (header, body) => sendFrame(lane.socket, header, body),
      kill: () => {
        if (isOver) return;
        this.#isDraining = true;
        this.#process.line?.write(Uint8Array.of(lane.number));
        lane.socket.end();
      },
      hold: () => {},
      stderrTail: () => lane.why || this.#process.stderrTail(),
      gone: Promise.race([gone.promise, this.#process.gone]),
      pid: undefined,
      group: undefined,
      share: (use) => {
        lane.use = use;
        this.#limit();
      },
    };
  }

  #released(lane: GuestLane): void {
    this.#guests -= 1;
    if (this.#guests === 0) this.#process.hold(false);
    this.#limit();
    void this.#awaitReady(lane);
    this.#options.onChange();
  }

  async #awaitReady(lane: GuestLane): Promise<void> {
    const { done } = await lane.frames.next();
    // The first frame of a thread is always `ready`; the end of the stream means that the lane or the process has ended.
    if (done === true) return;
    lane.isReady = true;
    this.#changedAt = this.#options.clock.now();
    this.#wasReady = true;
    this.#firstReady.resolve();
    this.#options.onChange();
  }

  #uses(): readonly GuestLimits[] {
    return this.#lanes.flatMap(({ use }) => use ?? []);
  }

  #bytesMax(): number {
    return this.#uses().reduce((sum, { memoryBytes }) => sum + memoryBytes, this.#options.limits.overheadBytes);
  }

  #limit(): void {
    const cpuCores = this.#uses().reduce((sum, use) => sum + use.cpuCores, 0);
    this.#process.group?.limit({ memoryBytes: this.#bytesMax(), cpuCores });
  }

  /** Only the sum is known: a guest that was alone is to blame, of several none, and they are tried again. */
  #exceeded(bytes: number): void {
    const running = this.#lanes.filter(({ use }) => use !== undefined);
    const why = `the process of the namespace used ${bytes} bytes; its guests may use ${this.#bytesMax()}`;
    for (const lane of running) lane.why = running.length === 1 ? `out of memory: ${why}` : why;
    this.kill();
  }
}

/** The frames of one guest: until its thread is done with it, or its lane has ended. */
async function* framesOfGuest(lane: GuestLane, over: () => void): AsyncGenerator<Frame, void, void> {
  try {
    for (;;) {
      const { done, value } = await lane.frames.next();
      if (done === true || value === undefined) return;
      const message: { readonly op?: unknown; readonly why?: unknown } = JSON.parse(value.header);
      if (message.op === "gone") {
        lane.why = String(message.why ?? "");
        return;
      }
      yield value;
    }
  } finally {
    over();
  }
}
