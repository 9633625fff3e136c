import type { ReferencePage } from "../page.ts";
import { behavioursPage } from "./behaviours.ts";
import { commandsPage } from "./commands.ts";
import { enginesPage } from "./engines.ts";
import { errorsPage } from "./errors.ts";
import { eventSchemasPage } from "./event-schemas.ts";
import { eventsPage } from "./events.ts";
import { httpApiPage } from "./http-api.ts";
import { jobSpecPage } from "./job-spec.ts";
import { machinesPage } from "./machines.ts";
import { publishersPage } from "./publishers.ts";
import { settingsPage } from "./settings.ts";
import { sourcesPage } from "./sources.ts";
import { subjectsPage } from "./subjects.ts";

/** Every generated page, in the order of the list. */
export const pages: readonly ReferencePage[] = [
  jobSpecPage,
  enginesPage,
  sourcesPage,
  publishersPage,
  commandsPage,
  httpApiPage,
  settingsPage,
  machinesPage,
  eventsPage,
  eventSchemasPage,
  subjectsPage,
  errorsPage,
  behavioursPage,
];
