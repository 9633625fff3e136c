import { once } from "node:events";
import { createServer, type Socket, connect as tcp } from "node:net";

/** A proxy between a client and a server that can mute the server or break connections. */
export interface CutProxy {
  readonly url: string;
  /** From now on nothing from the server reaches the client. */
  deafen(): void;
  /** Breaks all connections; new ones work. */
  cut(): void;
  /** Breaks the connection that was opened last. */
  cutLast(): void;
  /** Breaks all connections and refuses new ones until `admit`. */
  refuse(): void;
  admit(): void;
  close(): Promise<void>;
}

/** Puts a proxy on the loopback before the server at this port. */
export async function cutProxy(port: number): Promise<CutProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let deaf = false;
  let refusing = false;
  const listener = createServer((client) => {
    client.on("error", () => client.destroy());
    if (refusing) {
      client.destroy();
      return;
    }
    const server = tcp(port, "127.0.0.1");
    const pair = [client, server] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    client.on("data", (data) => server.write(data));
    server.on("data", (data) => (deaf ? undefined : client.write(data)));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const cut = () => {
    deaf = false;
    for (const pair of [...pairs]) for (const socket of pair) socket.destroy();
  };
  return {
    url: `nats://127.0.0.1:${address.port}`,
    deafen() {
      deaf = true;
    },
    cut,
    cutLast() {
      for (const socket of [...pairs].at(-1) ?? []) socket.destroy();
    },
    refuse() {
      refusing = true;
      cut();
    },
    admit() {
      refusing = false;
    },
    async close() {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
}
