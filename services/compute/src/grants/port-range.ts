import { createServer } from "node:net";
import { Fault } from "@shoal/core";
import type { PublishedPort, Task } from "@shoal/proto";

type RequestedPort = Task["network"]["ports"][number];

/** The ports that a node gives to tasks, and those that it has given. */
export interface PortRange {
  /** False when this node gives no ports to tasks. */
  readonly isOpen: boolean;
  /** Why one of these ports of the node is not free, or undefined when all are. */
  whyTaken(ports: readonly number[]): Promise<string | undefined>;
  /**
   * Reserves a port of the node for each of a task's. Throws Fault NO_CAPACITY when one is taken or the range is used up;
   * then none is reserved.
   */
  reserve(executionId: string, requests: readonly RequestedPort[], isHost: boolean): Promise<readonly PublishedPort[]>;
  /** Records the ports that an execution has, whatever else is known. */
  adopt(executionId: string, ports: readonly PublishedPort[]): void;
  /** Frees the ports of an execution. Idempotent. */
  release(executionId: string): void;
}

/** The first and the last port. */
export interface PortBounds {
  readonly first: number;
  readonly last: number;
}

// Docker's default, and Bacalhau's: all addresses of the node.
const anyAddress = "0.0.0.0";
// Ports of the range that another program may hold, one after the other, before the range counts as used up.
const foreignMax = 100;

const rangePattern = /^(\d{1,5})-(\d{1,5})$/;
const portMin = 1_024;
const portMax = 65_535;

/** Reads `20000-32000`; an empty text gives no ports. Undefined when the text is not a range. */
export function readPortRange(text: string): PortBounds | "none" | undefined {
  if (text === "") return "none";
  const [, first, last] = rangePattern.exec(text) ?? [];
  const bounds = { first: Number(first), last: Number(last) };
  return bounds.first >= portMin && bounds.first <= bounds.last && bounds.last <= portMax ? bounds : undefined;
}

/** The executions that hold ports, and where the search for a free one continues. */
interface PortBook {
  readonly holders: Map<number, string>;
  next: number;
  readonly bindProblem: PortProbe;
}

/** Why a program of this host cannot listen on a port of an address, or undefined. */
export type PortProbe = (port: number, address: string) => Promise<string | undefined>;

/** Undefined `bounds` give no ports to tasks. */
export function createPortRange(bounds: PortBounds | undefined, bindProblem: PortProbe = listenProblem): PortRange {
  const book: PortBook = { holders: new Map(), next: bounds?.first ?? 0, bindProblem };
  const { holders } = book;
  function release(executionId: string): void {
    for (const [port, holder] of holders) if (holder === executionId) holders.delete(port);
  }
  return {
    isOpen: bounds !== undefined,
    whyTaken: async (ports) => {
      for (const port of ports) {
        const why = heldProblem(book, port) ?? (await bindProblem(port, anyAddress));
        if (why !== undefined) return why;
      }
      return undefined;
    },
    reserve: async (executionId, requests, isHost) => {
      if (bounds === undefined) throw new Fault("NO_CAPACITY", "this node gives no ports to tasks (network.ports)");
      const published: PublishedPort[] = [];
      try {
        for (const { name, static: fixed, target, hostNetwork } of requests) {
          const address = hostNetwork || anyAddress;
          const hostPort =
            fixed === 0
              ? await reserveFree(book, bounds, { executionId, address })
              : await reserveFixed(book, fixed, { executionId, address });
          published.push({ name, hostPort, address, ...(isHost ? {} : { target: target || hostPort }) });
        }
        return published;
      } catch (failure) {
        release(executionId);
        throw failure;
      }
    },
    adopt: (executionId, ports) => {
      for (const { hostPort } of ports) holders.set(hostPort, executionId);
    },
    release,
  };
}

interface PortHolder {
  readonly executionId: string;
  readonly address: string;
}

async function reserveFree(book: PortBook, { first, last }: PortBounds, holder: PortHolder): Promise<number> {
  let foreign = 0;
  for (let tried = first; tried <= last && foreign < foreignMax; tried++) {
    const port = book.next;
    book.next = port === last ? first : port + 1;
    if (book.holders.has(port)) continue;
    if ((await hold(book, port, holder)) === undefined) return port;
    foreign += 1;
  }
  throw new Fault("NO_CAPACITY", `no port of ${first}-${last} is free on this node`);
}

async function reserveFixed(book: PortBook, port: number, holder: PortHolder): Promise<number> {
  const why = heldProblem(book, port) ?? (await hold(book, port, holder));
  if (why !== undefined) throw new Fault("NO_CAPACITY", why);
  return port;
}

/** Holds a port before the check, which takes a moment: another task may ask meanwhile. */
async function hold(
  { holders, bindProblem }: PortBook,
  port: number,
  { executionId, address }: PortHolder,
): Promise<string | undefined> {
  holders.set(port, executionId);
  const why = await bindProblem(port, address);
  if (why !== undefined) holders.delete(port);
  return why;
}

function heldProblem({ holders }: PortBook, port: number): string | undefined {
  const holder = holders.get(port);
  return holder === undefined ? undefined : `port ${port} of the node is held by ${holder}`;
}

/** The system does not let a program listen on the port. */
function listenProblem(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (failure: NodeJS.ErrnoException) =>
      resolve(`port ${port} of the node cannot be used: ${problems[failure.code ?? ""] ?? failure.message}`),
    );
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

const problems: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program of the machine listens on it",
  EACCES: "the system reserves it",
  EADDRNOTAVAIL: "the machine does not have the requested address",
};
