const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

// One Ctrl-C reaches a process several times: from the terminal, from npm and from the wrapper that chose Node.
const sameKeyMs = 500;

/** A signal that fires when the demo is interrupted; a later interrupt ends the process with `forcedCode`. */
export function interruptSignal(forcedCode: number): AbortSignal {
  const interrupted = new AbortController();
  let askedAt: number | undefined;
  const ask = (): void => {
    const now = performance.now();
    if (askedAt !== undefined && now - askedAt > sameKeyMs) process.exit(forcedCode);
    askedAt ??= now;
    interrupted.abort();
  };
  for (const name of signals) process.on(name, ask);
  return interrupted.signal;
}
