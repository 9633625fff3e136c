/** A job that found no place. */
export interface Waiter {
  readonly priority: number;
  /** When the job was submitted: it keeps its turn however often it tries. Milliseconds since the epoch. */
  readonly since: number;
  /** Room on nodes that fit, or a node that fits. */
  readonly waitsFor: "room" | "node";
  readonly wake: () => void;
}

interface Ticket {
  readonly jobId: string;
  readonly waiter: Waiter;
}

/** Jobs that found no place. Whoever has room calls them in; nobody asks around. */
export class WaitingRoom {
  /** In order of turn, so that waking is cheap however many wait. Who has left keeps a place in the line until it is reached. */
  readonly #line: Ticket[] = [];
  readonly #inside = new Map<string, Ticket>();
  #forRoom = 0;

  /** `wake` is called once, when it is this job's turn to try again. Entering twice changes nothing. */
  enter(jobId: string, waiter: Waiter): void {
    if (this.#inside.has(jobId)) return;
    const ticket = { jobId, waiter };
    this.#inside.set(jobId, ticket);
    if (waiter.waitsFor === "room") this.#forRoom++;
    this.#line.splice(this.#placeOf(waiter), 0, ticket);
  }

  leave(jobId: string): void {
    const ticket = this.#inside.get(jobId);
    if (ticket === undefined) return;
    this.#inside.delete(jobId);
    if (ticket.waiter.waitsFor === "room") this.#forRoom--;
    // Keeps the line from growing without bound while nobody wakes anybody.
    if (this.#line.length > 2 * this.#inside.size + 64) this.#tidy();
  }

  has(jobId: string): boolean {
    return this.#inside.has(jobId);
  }

  size(): number {
    return this.#inside.size;
  }

  waitingForRoom(): number {
    return this.#forRoom;
  }

  /** Calls in the next ones: highest priority first, then who came first; those for whom no node fits come last. */
  wake(many: number): void {
    for (let woken = 0; woken < many; ) {
      const ticket = this.#line.shift();
      if (ticket === undefined) return;
      if (this.#inside.get(ticket.jobId) !== ticket) continue;
      this.leave(ticket.jobId);
      woken++;
      ticket.waiter.wake();
    }
  }

  #tidy(): void {
    const left = this.#line.filter((ticket) => this.#inside.get(ticket.jobId) === ticket);
    this.#line.splice(0, this.#line.length, ...left);
  }

  /** Where a waiter stands in line, found by halves. */
  #placeOf(waiter: Waiter): number {
    let low = 0;
    let high = this.#line.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = this.#line[middle];
      if (there !== undefined && isBefore(there.waiter, waiter)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isBefore(a: Waiter, b: Waiter): boolean {
  if (a.waitsFor !== b.waitsFor) return a.waitsFor === "room";
  return a.priority > b.priority || (a.priority === b.priority && a.since <= b.since);
}
