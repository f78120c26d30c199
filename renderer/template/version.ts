/** A version as semver.org has it; what is left out is 0. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Without its hyphen; "" when there is none. */
  readonly prerelease: string;
  readonly metadata: string;
}

const NUMBER = "(0|[1-9][0-9]{0,14})";
const IDENTIFIERS = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const VERSION = new RegExp(
  `^v?${NUMBER}(?:\\.${NUMBER})?(?:\\.${NUMBER})?(?:-(${IDENTIFIERS}))?(?:\\+(${IDENTIFIERS}))?$`,
);

/** Longest text that is read as a version, in characters. */
const MAX_VERSION = 256;

/** Reads `1.2.3-rc.1+build`, also with v before it and with one or two numbers; undefined when it is none. */
export function parseVersion(text: string): Version | undefined {
  if (text.length > MAX_VERSION) return undefined;
  const found = VERSION.exec(text);
  if (!found) return undefined;
  const [, major, minor = "0", patch = "0", prerelease = "", metadata = ""] = found;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), prerelease, metadata };
}

/** Order of versions: negative when left is before right. Metadata does not count. */
export function compareVersions(left: Version, right: Version): number {
  return compareNumbers(left, right) || comparePrereleases(left.prerelease, right.prerelease);
}

/** Order by the three numbers alone. */
export function compareNumbers(left: Version, right: Version): number {
  return left.major - right.major || left.minor - right.minor || left.patch - right.patch;
}

function comparePrereleases(left: string, right: string): number {
  // A release comes after all that came before it.
  if (left === "" || right === "") return Number(left === "") - Number(right === "");
  const [ours, theirs] = [left.split("."), right.split(".")];
  for (const [at, mine] of ours.entries()) {
    const other = theirs[at];
    if (other === undefined) return 1;
    const order = compareIdentifiers(mine, other);
    if (order !== 0) return order;
  }
  return ours.length - theirs.length;
}

function compareIdentifiers(left: string, right: string): number {
  const [isNumber, isOtherNumber] = [/^[0-9]+$/.test(left), /^[0-9]+$/.test(right)];
  if (isNumber && isOtherNumber) return Number(left) - Number(right);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return left < right ? -1 : Number(left > right);
}
