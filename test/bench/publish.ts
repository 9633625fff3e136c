import { publishInProcess } from "../../services/compute/src/publishers/testing/publish-in-process.ts";
import { type Figures, type Measure, rounded } from "./measure.ts";

// 1 GiB, the size of which the aim speaks.
const sizeBytes = 1024 ** 3;
const publishers = { local: "Local", s3: "S3", nats: "Nats" } as const;

/** Publishes a large result that gzip cannot shrink, each time in a new process. */
export const publish: Measure = {
  name: "publish",
  summary: () => "1 GiB of results with the publishers local, s3 and nats",
  async run() {
    const figures: Record<string, number> = {};
    for (const [publisher, suffix] of Object.entries(publishers)) {
      const { grownBytes, ms } = await publishInProcess(publisher, sizeBytes);
      figures[`publishGrownBytes${suffix}`] = grownBytes;
      figures[`publishMebibytesPerSecond${suffix}`] = rounded(sizeBytes / 2 ** 20 / (ms / 1_000));
    }
    return figures satisfies Figures;
  },
};
