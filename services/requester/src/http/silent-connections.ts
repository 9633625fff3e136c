import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Closes connections without any request. Clients open such connections in advance; the HTTP server does not count them
 * as idle and closes them only after a minute. Call it when the server stops.
 */
export function silentConnections(server: Server): { close(): void } {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return {
    close() {
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}
