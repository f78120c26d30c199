import { compareNumbers, compareVersions, parseVersion, type Version } from "./version.ts";

/** Whether a version is one that is asked for. */
export type Constraint = (version: Version) => boolean;

/** Longest text that is read as a constraint, in characters. */
const MAX_CONSTRAINT = 1024;

const PART = "(?:x|X|\\*|0|[1-9][0-9]{0,14})";
const TERM = new RegExp(
  `^(=|!=|>=|=>|<=|=<|>|<|~>|~|\\^)?(v?${PART}(?:\\.${PART}){0,2}(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?)$`,
);

/**
 * Reads `>=1.2, <2 || ^3.1`: terms with commas or blanks between must all hold, of what is between || one. Also `1.2 - 1.4`,
 * `~1.2` (same minor), `^1.2` (same left-most number that is not 0) and `1.2.x`. A version before a release fits only terms
 * that name one. Undefined when it is none.
 */
export function parseConstraint(text: string): Constraint | undefined {
  if (text.length > MAX_CONSTRAINT) return undefined;
  const choices = text.split("||").map(allOf);
  if (choices.some((choice) => choice === undefined)) return undefined;
  return (version) => choices.some((choice) => choice?.(version) === true);
}

function allOf(text: string): Constraint | undefined {
  const terms = text
    .trim()
    .replace(/(\S+) +- +(\S+)/g, ">=$1 <=$2")
    .replace(/([=<>~^]) +/g, "$1")
    .split(/[ ,]+/)
    .map(termOf);
  if (terms.some((term) => term === undefined)) return undefined;
  return (version) => terms.every((term) => term?.(version) === true);
}

/** A version of which only so many numbers are given: 0 for `*`, 2 for `1.2` and `1.2.x`, 3 for all. */
interface Partial {
  readonly low: Version;
  readonly given: number;
}

function termOf(text: string): Constraint | undefined {
  const [, operator = "=", version = ""] = TERM.exec(text) ?? [];
  const partial = partialOf(version);
  if (partial === undefined) return undefined;
  const fits = comparison(operator, partial);
  const isOpen = partial.low.prerelease !== "" || (operator === "!=" && partial.given === 3);
  return (version) => (version.prerelease === "" || isOpen) && fits(version);
}

function partialOf(text: string): Partial | undefined {
  const parts = text.replace(/^v/, "").split(/[-+]/)[0]?.split(".") ?? [];
  const wild = parts.findIndex((part) => /^[xX*]$/.test(part));
  const given = wild < 0 ? parts.length : wild;
  const numbers = [...parts.slice(0, given), "0", "0", "0"].slice(0, 3).join(".");
  const low = parseVersion(wild < 0 ? text : numbers);
  return low && { low, given };
}

function comparison(operator: string, { low, given }: Partial): Constraint {
  const isWhole = given === 3;
  const atLeast: Constraint = (version) => compareVersions(version, low) >= 0;
  const within = (digits: number): Constraint => {
    const end = next(low, digits);
    return (version) => atLeast(version) && (digits === 0 || compareNumbers(version, end) < 0);
  };
  const same: Constraint = isWhole ? (version) => compareVersions(version, low) === 0 : within(given);
  switch (operator) {
    case "!=":
      return (version) => !same(version);
    case ">":
      return (version) => atLeast(version) && !same(version);
    case "<":
      return (version) => !atLeast(version);
    case ">=":
    case "=>":
      return atLeast;
    case "<=":
    case "=<":
      return (version) => !atLeast(version) || same(version);
    case "~":
    case "~>":
      return within(Math.min(given, 2));
    case "^":
      return within(Math.min(given, leftmost(low)));
    default:
      return same;
  }
}

/** Which of the three numbers is the first that is not 0. */
function leftmost({ major, minor }: Version): number {
  if (major > 0) return 1;
  return minor > 0 ? 2 : 3;
}

/** The first version whose first so many numbers are not these any more. */
function next({ major, minor, patch }: Version, digits: number): Version {
  const numbers = { major, minor: digits > 1 ? minor : 0, patch: digits > 2 ? patch : 0, prerelease: "", metadata: "" };
  if (digits === 1) return { ...numbers, major: major + 1 };
  return digits === 2 ? { ...numbers, minor: minor + 1 } : { ...numbers, patch: patch + 1 };
}
