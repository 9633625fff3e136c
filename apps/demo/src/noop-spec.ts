/** The parameters of a no-op job. */
export interface NoopWish {
  readonly name: string;
  readonly count?: number;
  readonly seconds?: number;
}

/** The spec of a batch job that waits for some seconds and needs few resources. */
export function noopSpec({ name, count = 1, seconds = 0 }: NoopWish): object {
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
