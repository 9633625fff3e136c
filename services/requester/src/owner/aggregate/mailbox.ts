import { type CommandReply, Fault, type NamedCommand } from "@shoal/core";
import type { Actor, AggregateRef } from "@shoal/proto";

/** A command and its actor. */
export interface IssuedCommand<C> {
  readonly command: C;
  /** A client's command has an id and is decided once. Reports and an aggregate's own commands have none. */
  readonly id?: string;
  readonly actor: Actor;
}

/** A command with its aggregate. */
export interface AddressedCommand extends IssuedCommand<NamedCommand> {
  readonly aggregate: AggregateRef;
}

/** A command whose caller waits for the reply. */
export interface PendingCommand<C> extends IssuedCommand<C> {
  readonly settle: (reply: CommandReply) => void;
  readonly fail: (failure: unknown) => void;
}

// The most commands without an id in one commit, such as reports and deadlines; the others go into the next commit.
const batchMax = 256;

/** The commands that wait for one aggregate, in order. */
export class Mailbox<C> {
  readonly #of: string;
  #pending: PendingCommand<C>[] = [];
  #open = true;

  constructor(of: string) {
    this.#of = of;
  }

  isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  put(given: IssuedCommand<C>): Promise<CommandReply> {
    return new Promise((settle, fail) => {
      if (this.#open) this.#pending.push({ ...given, settle, fail });
      else fail(this.#closed());
    });
  }

  /**
   * The next commands to decide in one commit, at most `most`. A command with an id is decided alone; others share a
   * commit when they have the same actor.
   */
  take(most: number = batchMax): readonly PendingCommand<C>[] {
    const [first] = this.#pending;
    if (first === undefined) return [];
    if (first.id !== undefined) return this.#pending.splice(0, 1);
    const end = this.#pending.findIndex(({ id }) => id !== undefined);
    const before = end === -1 ? this.#pending : this.#pending.slice(0, end);
    const taken = before.filter((each) => isSame(each.actor, first.actor)).slice(0, most);
    if (taken.length === this.#pending.length) this.#pending = [];
    else {
      const gone = new Set(taken);
      this.#pending = this.#pending.filter((each) => !gone.has(each));
    }
    return taken;
  }

  putBack(batch: readonly PendingCommand<C>[]): void {
    if (this.#open) this.#pending.unshift(...batch);
    else for (const { fail } of batch) fail(this.#closed());
  }

  /** Fails every command that waits, and every later one. */
  close(): void {
    this.#open = false;
    for (const { fail } of this.#pending.splice(0)) fail(this.#closed());
  }

  #closed(): Fault {
    return new Fault("LOG_UNREACHABLE", `this requester no longer owns ${this.#of}; another requester continues it`);
  }
}

const isSame = (one: Actor, other: Actor): boolean =>
  one === other || (one.type === other.type && one.id === other.id && one.requestId === other.requestId);
