import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConstraint } from "../../../renderer/template/version-constraint.ts";
import { compareVersions, parseVersion } from "../../../renderer/template/version.ts";

const fits: readonly [constraint: string, yes: string, no: string][] = [
  ["1.2.3", "1.2.3 v1.2.3 1.2.3+build", "1.2.4 1.2.3-rc.1"],
  ["=1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"],
  ["1.2.x", "1.2.0 1.2.9", "1.3.0 1.2.0-rc.1"],
  ["*", "0.0.0 9.9.9", "1.0.0-rc.1"],
  ["!=1.2.3", "1.2.4", "1.2.3"],
  ["!=1.2", "1.3.0", "1.2.7"],
  [">1.2", "1.3.0", "1.2.9 1.2.0"],
  [">1.2.3", "1.2.4", "1.2.3"],
  [">=1.2", "1.2.0 2.0.0", "1.1.9"],
  ["<1.2", "1.1.9", "1.2.0"],
  ["<=1.2", "1.2.9", "1.3.0"],
  [">=1.2, <2", "1.2.0 1.9.9", "2.0.0 1.1.0"],
  [">= 1.2 < 2", "1.2.0 1.9.9", "2.0.0 1.1.0"],
  ["1.2 - 1.4.5", "1.2.0 1.4.5", "1.4.6 1.1.0"],
  ["1.2 - 1.4", "1.4.9", "1.5.0"],
  ["~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"],
  ["~1", "1.0.0 1.9.0", "2.0.0"],
  ["^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2"],
  ["^0.2.3", "0.2.3 0.2.9", "0.3.0"],
  ["^0.0.3", "0.0.3", "0.0.4"],
  ["^0.0", "0.0.9", "0.1.0"],
  ["^0", "0.9.0", "1.0.0"],
  ["^1.2.3-beta.1", "1.2.3-beta.2 1.4.0 1.2.3", "2.0.0-alpha 1.2.3-alpha"],
  ["^1.2 || ~3.1", "1.9.0 3.1.4", "2.0.0 3.2.0"],
];
for (const [constraint, yes, no] of fits) {
  test(`${constraint} fits ${yes} and not ${no}`, () => {
    const isFit = parseConstraint(constraint);
    assert.ok(isFit);
    for (const version of yes.split(" ")) assert.ok(isFit(parseVersion(version)!), version);
    for (const version of no.split(" ")) assert.ok(!isFit(parseVersion(version)!), version);
  });
}

test("what is no constraint and what is no version is told", () => {
  for (const text of ["", "||", "1.2.3.4", ">", "=>=1", "latest", "1 ||", ">=1,", "^".repeat(2000)]) {
    assert.equal(parseConstraint(text), undefined, text);
  }
  for (const text of ["", "latest", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3+", " 1.2.3", `1.2.3-${"a".repeat(300)}`]) {
    assert.equal(parseVersion(text), undefined, text);
  }
});

test("versions are ordered as semver.org says", () => {
  const ordered =
    "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1";
  const versions = ordered.split(" ").map((text) => parseVersion(text)!);
  for (const [at, version] of versions.entries()) {
    for (const [other, than] of versions.entries()) {
      assert.equal(Math.sign(compareVersions(version, than)), Math.sign(at - other));
    }
  }
});
