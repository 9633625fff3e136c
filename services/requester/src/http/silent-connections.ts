import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Closes the connections on which nothing was ever asked. Clients open such in advance, and the HTTP server neither counts them
 * as idle nor lets go of them for a minute. Call it when the server stops.
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
