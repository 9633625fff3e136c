/** The parameters of a no-op job. */
export interface NoopOptions {
  readonly name: string;
  readonly count?: number;
  readonly seconds?: number;
}

/** The spec of a batch job that waits for some seconds and needs few resources. */
export function noopSpec({ name, count = 1, seconds = 0 }: NoopOptions): object {
  return {
    Name: name,
    Type: "batch",
    Count: count,
    Tasks: [
      {
        Name: "main",
        Engine: { Type: "noop", Params: { RunSeconds: seconds } },
        Resources: { CPU: "10m", Memory: "1Mb" },
      },
    ],
  };
}

/** The parameters of a no-op job that runs until it is stopped. */
export interface StandingOptions {
  readonly name: string;
  readonly type: "service" | "daemon";
  readonly count?: number;
  readonly update?: object;
  /** What an execution prints at its start. */
  readonly stdout?: string;
  /** The reason with which an execution fails at its start. */
  readonly failWith?: string;
}

/** The spec of a service or daemon job that needs few resources. */
export function standingSpec({ name, type, count, update, stdout, failWith }: StandingOptions): object {
  return {
    Name: name,
    Type: type,
    Count: count,
    Update: update,
    Tasks: [
      {
        Name: "main",
        Engine: {
          Type: "noop",
          Params: { RunSeconds: failWith === undefined ? aDay : 0, Stdout: stdout, FailWith: failWith },
        },
        Resources: { CPU: "10m", Memory: "1Mb" },
      },
    ],
  };
}

const aDay = 86_400;
