/** The requests that end a long-running command. */
export interface Quit {
  /** Resolves on the first signal, or when the parent process is gone. */
  readonly asked: Promise<void>;
  /** Resolves on a later signal: end at once. */
  readonly forced: Promise<void>;
  /** Resolves when the parent process is gone. */
  readonly orphaned: Promise<void>;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

// One Ctrl-C reaches a process several times: from the terminal, from npm and from the wrapper that chose Node.
const sameKeyMs = 500;

/** Handles signals from now on: they no longer end the process by themselves. */
export function listenForQuit(): Quit {
  const asked = Promise.withResolvers<void>();
  const forced = Promise.withResolvers<void>();
  const orphaned = Promise.withResolvers<void>();
  let askedAt: number | undefined;
  const signal = (): void => {
    const now = performance.now();
    if (askedAt !== undefined && now - askedAt > sameKeyMs) forced.resolve();
    askedAt ??= now;
    asked.resolve();
  };
  for (const name of signals) process.on(name, signal);
  // The channel to the parent process closes when that process ends, for any reason.
  if (process.connected) {
    process.once("disconnect", () => {
      orphaned.resolve();
      asked.resolve();
    });
    process.channel?.unref();
  }
  return { asked: asked.promise, forced: forced.promise, orphaned: orphaned.promise };
}
