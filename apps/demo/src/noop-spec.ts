/** What a no-op job is asked to be. */
export interface NoopWish {
  readonly name: string;
  readonly count?: number;
  readonly seconds?: number;
}

/** The spec of a batch that does nothing for a while, and takes hardly any room. */
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
