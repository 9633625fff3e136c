import Docker from "dockerode";
import { buildBusyboxImage } from "../images/busybox-image.ts";
import { startCluster } from "./cluster.ts";
import { watchCompletions } from "./completions.ts";
import { type Figures, type Measure, percentile, rounded } from "./measure.ts";
import { submitter } from "./submitter.ts";

// Pairs of a bare container and a job, one after the other, so that both see the same machine; some 400 ms each.
const pairs = 30;
// The first ones load the client library and warm the engine's caches.
const warmUps = 3;
const image = "shoal-test/bench:1";

/** A job of one container against the same container without Shoal. */
export const dockerJobs: Measure = {
  name: "docker",
  summary: () => `${pairs} Docker jobs, one by one, each after the same container on the bare engine`,
  async run() {
    const engine = new Docker();
    const built = await engine
      .ping()
      .then(() => buildBusyboxImage(engine, image))
      .catch((failure: Error) => ({ image: undefined, why: failure.message }));
    if (built.image === undefined) {
      console.error(`  left out: ${built.why}`);
      return {};
    }
    const cluster = await startCluster({ nodes: 1 });
    try {
      return await measured(engine, cluster.api);
    } finally {
      await cluster.stop();
      await engine.getImage(image).remove({ force: true });
    }
  },
};

const body = JSON.stringify({
  Job: {
    Type: "batch",
    Count: 1,
    Tasks: [
      {
        Name: "main",
        Engine: { Type: "docker", Params: { Image: image, Entrypoint: ["/bin/true"] } },
        Network: { Type: "None" },
        Resources: { CPU: "500m", Memory: "64Mb" },
      },
    ],
  },
});

async function measured(engine: Docker, api: string): Promise<Figures> {
  const { submit, close } = submitter(api, 1);
  const completions = await watchCompletions(api);
  const [bare, jobs]: [number[], number[]] = [[], []];
  for (let pair = -warmUps; pair < pairs; pair++) {
    const began = performance.now();
    await bareContainer(engine);
    const between = performance.now();
    await completions.of(await submit(body));
    const ended = performance.now();
    if (pair < 0) continue;
    bare.push(between - began);
    jobs.push(ended - between);
  }
  completions.close();
  close();
  const [bareMs, jobMs] = [percentile(bare, 0.5), percentile(jobs, 0.5)];
  return {
    bareDockerMsP50: rounded(bareMs),
    dockerJobMsP50: rounded(jobMs),
    dockerJobOverBare: rounded(jobMs / bareMs - 1),
  };
}

/** With the limits that the node sets for the job, which cost the engine time. */
async function bareContainer(engine: Docker): Promise<void> {
  const container = await engine.createContainer({
    Image: image,
    Entrypoint: ["/bin/true"],
    HostConfig: {
      NetworkMode: "none",
      Init: true,
      NanoCpus: 500_000_000,
      Memory: 64_000_000,
      MemorySwap: 64_000_000,
      PidsLimit: 4_096,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
    },
  });
  await container.start();
  await container.wait();
  await container.remove();
}
