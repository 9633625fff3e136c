import type { WebSocket } from "ws";
import type { ByteBudget } from "../byte-budget.ts";
import { apiLimits } from "../limits.ts";

/** What a log socket sends, counted from when it is handed over until the system has taken it. */
export interface LogOutlet {
  /** Sends a frame. One that fits neither this socket's share nor the budget ends the socket: its reader takes too little. */
  send(frame: string): void;
  /** A promise while the socket holds its share, or all of them theirs together; resolves when it does not, or is gone. */
  room(): Promise<void> | undefined;
}

/** The outlet of an open socket; `taken` is called whenever its reader has taken a frame. */
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
