import { checks } from "./helpers/checks.ts";
import { containerGroups } from "./helpers/container-groups.ts";
import { containerMatching } from "./helpers/container-matching.ts";
import { containerQueries } from "./helpers/container-queries.ts";
import { containerServing } from "./helpers/container-serving.ts";
import { documents } from "./helpers/documents.ts";
import { lists } from "./helpers/lists.ts";
import { logic } from "./helpers/logic.ts";
import { numbers } from "./helpers/numbers.ts";
import { records } from "./helpers/records.ts";
import { regularExpressions } from "./helpers/regular-expressions.ts";
import { sorting } from "./helpers/sorting.ts";
import { strings } from "./helpers/strings.ts";
import { compareTexts } from "./plain-record.ts";
import type { Helper } from "./template-helper.ts";

const CHAPTERS: readonly (readonly Helper[])[] = [
  checks,
  containerGroups,
  containerMatching,
  containerQueries,
  containerServing,
  documents,
  lists,
  logic,
  numbers,
  records,
  regularExpressions,
  sorting,
  strings,
];

/** Every helper of template targets, by group and name. Names are unique. */
export const HELPERS: readonly Helper[] = CHAPTERS.flat().toSorted(
  (left, right) => compareTexts(left.group, right.group) || compareTexts(left.name, right.name),
);
