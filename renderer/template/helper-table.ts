import { checks } from "./helpers/checks.ts";
import { comparisons } from "./helpers/comparisons.ts";
import { containerGroups } from "./helpers/container-groups.ts";
import { containerLabels } from "./helpers/container-labels.ts";
import { containerMatching } from "./helpers/container-matching.ts";
import { containerQueries } from "./helpers/container-queries.ts";
import { dates } from "./helpers/dates.ts";
import { documents } from "./helpers/documents.ts";
import { encoding } from "./helpers/encoding.ts";
import { hosts } from "./helpers/hosts.ts";
import { images } from "./helpers/images.ts";
import { letterCase } from "./helpers/letter-case.ts";
import { lists } from "./helpers/lists.ts";
import { logic } from "./helpers/logic.ts";
import { numbers } from "./helpers/numbers.ts";
import { paths } from "./helpers/paths.ts";
import { records } from "./helpers/records.ts";
import { regularExpressions } from "./helpers/regular-expressions.ts";
import { sets } from "./helpers/sets.ts";
import { sorting } from "./helpers/sorting.ts";
import { splitting } from "./helpers/splitting.ts";
import { strings } from "./helpers/strings.ts";
import { textLayout } from "./helpers/text-layout.ts";
import { urls } from "./helpers/urls.ts";
import { versions } from "./helpers/versions.ts";
import { compareTexts } from "./plain-record.ts";
import type { Helper } from "./template-helper.ts";

const CHAPTERS: readonly (readonly Helper[])[] = [
  checks,
  comparisons,
  containerGroups,
  containerLabels,
  containerMatching,
  containerQueries,
  dates,
  documents,
  encoding,
  hosts,
  images,
  letterCase,
  lists,
  logic,
  numbers,
  paths,
  records,
  regularExpressions,
  sets,
  sorting,
  splitting,
  strings,
  textLayout,
  urls,
  versions,
];

/** Every helper of general templates, by group and name. Names are unique. */
export const HELPERS: readonly Helper[] = CHAPTERS.flat().toSorted(
  (left, right) => compareTexts(left.group, right.group) || compareTexts(left.name, right.name),
);
