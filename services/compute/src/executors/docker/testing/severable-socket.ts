import { rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";

/** A separate socket in front of an engine's: its connections can be cut, as if the engine had died. */
export interface SeverableSocket {
  readonly path: string;
  /** Cuts every connection and accepts no new one. */
  sever(): Promise<void>;
}

/** Changes the bytes in transit, piece by piece, read as latin1; omitted, the bytes are unchanged. */
export interface Rewriting {
  readonly ask?: (chunk: string) => string;
  readonly answer?: (chunk: string) => string;
}

export async function severableSocket(
  path: string,
  enginePath: string,
  rewriting: Rewriting = {},
): Promise<SeverableSocket> {
  const open = new Set<Socket>();
  const join = (from: Socket, to: Socket, rewrite = (chunk: string) => chunk) => {
    open.add(from);
    from.on("data", (chunk: Buffer) => to.write(rewrite(chunk.toString("latin1")), "latin1"));
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => {
      open.delete(from);
      to.end();
    });
  };
  const server = createServer((caller) => {
    const engine = connect(enginePath);
    join(caller, engine, rewriting.ask);
    join(engine, caller, rewriting.answer);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    sever: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
      await rm(path, { force: true });
    },
  };
}
