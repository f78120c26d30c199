import { helpersOf } from "../define-helper.ts";
import { recordOf } from "../plain-record.ts";
import type { Helper } from "../template-helper.ts";
import { parseConstraint } from "../version-constraint.ts";
import { parseVersion } from "../version.ts";

const define = helpersOf("Versions");

/** Versions as semver.org has them, such as those in labels. */
export const versions: readonly Helper[] = [
  define(
    "semver TEXT",
    "A record of major, minor, patch, prerelease and metadata. v may stand before it, and minor and patch may be left out. Nothing when TEXT is no version.",
    { template: `{{get (semver "v1.4.0-rc.1") "minor"}}`, prints: "4" },
    (call) => {
      const version = parseVersion(call.text(0));
      return version && recordOf(Object.entries(version));
    },
  ),
  define(
    "semverCompare CONSTRAINT VERSION",
    "Whether VERSION fits: terms such as 1.2.x, =1.2.3, !=1.2, >=1.2, <2, ~1.2 (same minor), ^1.2 (same major) and `1.2 - 1.4`; with commas or blanks between all must fit, with || one. A version such as 2.0.0-rc.1 fits only terms that name one, and != with three numbers. False when VERSION is none.",
    { template: `{{semverCompare ">=1.2, <2" "1.4.0"}}`, prints: "true" },
    (call) => {
      const constraint = parseConstraint(call.text(0));
      if (constraint === undefined) throw call.misuse(0, "a constraint such as >=1.2, <2");
      const version = parseVersion(call.text(1));
      return version !== undefined && constraint(version);
    },
  ),
];
