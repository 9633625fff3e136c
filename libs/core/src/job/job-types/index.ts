import { registry } from "../../registry.ts";
import { batch } from "./batch.ts";

/** Every job type that this version runs. */
export const jobTypes = registry("job type", [batch]);
