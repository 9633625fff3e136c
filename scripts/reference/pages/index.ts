import type { Page } from "../page.ts";
import { errorsPage } from "./errors.ts";
import { eventsPage } from "./events.ts";
import { jobSpecPage } from "./job-spec.ts";
import { machinesPage } from "./machines.ts";
import { subjectsPage } from "./subjects.ts";

/** Every generated page, in the order of the list that a reader sees. */
export const pages: readonly Page[] = [jobSpecPage, machinesPage, eventsPage, subjectsPage, errorsPage];
