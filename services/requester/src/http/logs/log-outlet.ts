import type { WebSocket } from "ws";
import type { ByteBudget } from "../byte-budget.ts";
import { apiLimits } from "../limits.ts";

/** The frames that a log socket sends, counted from the call until the system has accepted them. */
export interface LogOutlet {
  /**
   * Sends a frame. A frame that fits neither this socket's share nor the budget ends the socket: its reader is too
   * slow.
   */
  send(frame: string): void;
  /**
   * A promise while the socket's share, or the budget of all sockets, is used up; resolves when it is not, or when the
   * socket is gone.
   */
  room(): Promise<void> | undefined;
}

/** The outlet of an open socket; `taken` is called whenever its reader has accepted a frame. */
export function createLogOutlet(socket: WebSocket, budget: ByteBudget, taken: () => void): LogOutlet {
  let held = 0;
  let gone = false;
  let waiting: (() => void)[] = [];
  const isFull = (): boolean => !gone && (held > apiLimits.logShareBytes || budget.isFullWith(1));
  const check = (): void => {
    if (isFull()) return;
    const waited = waiting;
    waiting = [];
    for (const resolve of waited) resolve();
  };
  const forget = budget.onRoom(check);
  socket.once("close", () => {
    gone = true;
    forget();
    check();
  });
  return {
    send(frame) {
      const bytes = Buffer.from(frame);
      if (held > apiLimits.logShareBytes && budget.isFullWith(bytes.length)) return socket.terminate();
      held += bytes.length;
      budget.take(bytes.length);
      // Called in any case, with an error when the socket broke first.
      socket.send(bytes, { binary: false }, (failure) => {
        held -= bytes.length;
        budget.give(bytes.length);
        if (!failure) taken();
        check();
      });
    },
    room: () => (isFull() ? new Promise((resolve) => waiting.push(resolve)) : undefined),
  };
}
