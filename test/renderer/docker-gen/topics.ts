import { checks } from "./check-rows.ts";
import { containers } from "./container-rows.ts";
import { endpoint } from "./endpoint-rows.ts";
import { functions } from "./function-rows.ts";
import { ownId } from "./own-id-rows.ts";
import { paths } from "./path-rows.ts";
import { grouping, queries, sorting } from "./query-rows.ts";
import type { Topic } from "./row.ts";
import { waiting } from "./waiting-rows.ts";

/** Every behaviour that docker-gen's tests show. */
export const TOPICS: readonly Topic[] = [
  waiting,
  containers,
  ownId,
  endpoint,
  paths,
  queries,
  grouping,
  sorting,
  functions,
  checks,
];
