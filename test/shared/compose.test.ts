import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { composeServiceOf } from "../../shared/compose.ts";

const PROJECT = "com.docker.compose.project";
const SERVICE = "com.docker.compose.service";
const HASH = "com.docker.compose.config-hash";
const NUMBER = "com.docker.compose.container-number";

describe("a container belongs to a Compose project", () => {
  const cases: readonly [title: string, labels: Record<string, string>, image: readonly string[], expected?: object][] =
    [
      ["when Compose created it", { [PROJECT]: "shop", [HASH]: "h" }, [], { project: "shop" }],
      [
        "also when Compose wrote the same names into the image",
        { [PROJECT]: "shop", [SERVICE]: "web", [NUMBER]: "1" },
        [PROJECT, SERVICE],
        { project: "shop", service: "web" },
      ],
      ["not by the image's labels alone", { [PROJECT]: "shop" }, [PROJECT]],
      ["not by a label without those of a container", { [PROJECT]: "shop" }, []],
      [
        "not when the image has every label",
        { [PROJECT]: "shop", [HASH]: "h", [NUMBER]: "1" },
        [PROJECT, HASH, NUMBER],
      ],
      ["not with an empty name", { [PROJECT]: "", [HASH]: "h" }, []],
      ["not with an empty mark", { [PROJECT]: "shop", [HASH]: "" }, []],
    ];
  for (const [title, labels, image, expected] of cases)
    test(title, () => assert.deepEqual(composeServiceOf(labels, { read: true, labels: image }), expected));

  test("not while its image could not be inspected", () =>
    assert.equal(composeServiceOf({ [PROJECT]: "shop", [HASH]: "h" }, { read: false, labels: [] }), undefined));
});
