import assert from "node:assert/strict";
import type { Model } from "../../../renderer/template/model.ts";
import { printed, printedOf } from "./printing.ts";
import type { Topic } from "./row.ts";

const IT: Model = { name: "web", list: ["a", "b"], labels: { "com.docker": "x", com: { docker: { role: "deep" } } } };

/** What stands at a path of it; `-` for nothing. */
const at = (path: string, it: Model = IT) => printedOf(`{{at it "${path}" "-"}}`, it);

/** What a path is for `where`: the elements that have this value there. */
const found = (path: string, value: string, list: readonly Model[]) =>
  printed(`{{len (where containers "${path}" "${value}")}}`, list);

export const paths: Topic = {
  name: "Paths",
  rows: [
    {
      shows:
        "an empty path is the value itself, a leading dot is ignored, and fields of structs, maps and pointers are found; a pointer to a pointer gives nothing",
      here: "The same; data contains no pointers.",
      run: () => {
        assert.equal(printedOf('{{at it ""}}', "itself"), "itself");
        assert.deepEqual([at("name"), at(".name"), at("none")], ["web", "web", "-"]);
        assert.equal(found("labels.tier", "web", [{ labels: { tier: "web" } }, { labels: {} }]), "1");
      },
    },
    {
      shows: "`...` finds empty keys",
      here: "A path contains no empty names, as no variable or label has one. `index` accepts them.",
      run: () => {
        const it: Model = { "": { "": "x" } };
        assert.equal(at("...", it), "-");
        assert.equal(printedOf('{{index it "" ""}}', it), "x");
      },
    },
    {
      shows: "keys with dots are found in maps and in nested maps",
      here: "The same. Of several possible names the longest that leads to a value counts; docker-gen takes the shortest and then finds nothing.",
      run: () => {
        assert.deepEqual([at("labels.com.docker"), at("labels.com.docker.role")], ["x", "deep"]);
        const nested: Model = { "a.b": { "c.d": "deep" } };
        assert.equal(at("a.b.c.d", nested), "deep");
      },
    },
    {
      shows:
        "an element of a list is found by its index; an index out of range, negative or not a number gives nothing",
      run: () => {
        assert.deepEqual(
          ["list.0", "list.1"].map((path) => at(path)),
          ["a", "b"],
        );
        assert.deepEqual(
          ["list.2", "list.-1", "list.x", "list.1x"].map((path) => at(path)),
          ["-", "-", "-", "-"],
        );
      },
    },
  ],
};
