/** Tells a long-running command to end. */
export interface Quit {
  /** Resolves on the first signal, or when the process that started this one is gone. */
  readonly asked: Promise<void>;
  /** Resolves when somebody asks again and will not wait. */
  readonly forced: Promise<void>;
  /** Resolves when the process that started this one is gone. */
  readonly orphaned: Promise<void>;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

// One Ctrl-C reaches a process several times: from the terminal, and passed on by npm and by the wrapper that found Node.
const sameKeyMs = 500;

/** Listens for the wish to end, from now on. Signals no longer end the process by themselves. */
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
  // The channel to whoever started us closes when that process ends, however it ends.
  if (process.connected) {
    process.once("disconnect", () => {
      orphaned.resolve();
      asked.resolve();
    });
    process.channel?.unref();
  }
  return { asked: asked.promise, forced: forced.promise, orphaned: orphaned.promise };
}
