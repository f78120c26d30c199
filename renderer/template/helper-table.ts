import { containerQueries } from "./helpers/container-queries.ts";
import { logic } from "./helpers/logic.ts";
import { numbers } from "./helpers/numbers.ts";
import { regularExpressions } from "./helpers/regular-expressions.ts";
import { compareTexts } from "./plain-record.ts";
import type { Helper } from "./template-helper.ts";

/** Every helper of general templates, by group and name. Names are unique. */
export const HELPERS: readonly Helper[] = [...containerQueries, ...logic, ...numbers, ...regularExpressions].toSorted(
  (left, right) => compareTexts(left.group, right.group) || compareTexts(left.name, right.name),
);
