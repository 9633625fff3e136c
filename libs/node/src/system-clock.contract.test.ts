import { clockContract } from "@shoal/core/testing/contracts";
import { systemClock } from "./system-clock.ts";

clockContract("the system's clock", async () => ({ clock: systemClock() }));
