import type { ViewEntry, ViewStore } from "@shoal/core";
import { JobEntity, JobSpec } from "@shoal/proto";

/** The jobs bucket of a cluster with this number of finished jobs, which has no store: each entry is made when it is read. */
export function listedJobs(count: number): Pick<ViewStore, "follow"> {
  return {
    async follow(_, follower) {
      follower.begins("bench");
      for (let index = 0; index < count; index++) {
        const { namespace, id } = jobAt(index);
        follower.changed(`${namespace}.${id}`, entryAt(index), index + 1);
        await follower.room?.();
      }
      follower.caughtUp();
      return {
        caughtUp: async () => undefined,
        close: async () => undefined,
        size: async () => count,
        beginAgain: () => undefined,
      };
    },
  };
}

// The multiplier of Knuth's multiplicative hash: ids are in no order.
const scattered = (index: number): number => Math.imul(index, 2_654_435_761) >>> 0;
const firstAt = 1_760_000_000_000;
// A submission each 20 ms, of jobs that take up to a minute.
const [everyMs, durationMs] = [20, 60_000];

const template = JobEntity.parse({
  id: "j-1",
  ...JobSpec.parse({
    type: "batch",
    tasks: [{ engine: { type: "docker", params: { image: "alpine:3", parameters: ["echo", "done"] } } }],
  }),
  state: { stateType: "completed", message: "", details: {} },
  version: 1,
  revision: 4,
  createTime: 0,
  modifyTime: 0,
});

/** What lists select of a job. */
interface ListedJob {
  readonly id: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createTime: number;
  readonly modifyTime: number;
}

/** One job of the bucket: a tenth is in another namespace, ten thousandths in a third; labels are frequent, rare and in between. */
export function jobAt(index: number): ListedJob {
  const hash = scattered(index);
  const namespace = index % 10_000 === 7 ? "tiny" : index % 10 === 3 ? "blue" : "default";
  const rare = index % 100_000 === 99_999 ? { rare: "1" } : {};
  return {
    id: `j-${hash.toString(16).padStart(8, "0")}-0000-4000-8000-${index.toString(16).padStart(12, "0")}`,
    namespace,
    labels: { team: `t${index % 10}`, run: String(Math.floor(index / 1000)), ...rare },
    createTime: firstAt + index * everyMs,
    modifyTime: firstAt + index * everyMs + (hash % durationMs),
  };
}

function entryAt(index: number): ViewEntry {
  // At the beginning of a log that has nothing: a later read on the connection expects no more.
  return { seq: 0, job: { ...template, ...jobAt(index) } };
}
