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
  name: "Paths to a value",
  rows: [
    {
      shows:
        "an empty path is the value itself, a leading dot does not count, and fields of records, entries of maps and what pointers point to are found; a pointer to a pointer is nothing",
      here: "The same; values are plain data, in which there are no pointers.",
      run: () => {
        assert.equal(printedOf('{{at it ""}}', "itself"), "itself");
        assert.deepEqual([at("name"), at(".name"), at("none")], ["web", "web", "-"]);
        assert.equal(found("labels.tier", "web", [{ labels: { tier: "web" } }, { labels: {} }]), "1");
      },
    },
    {
      shows: "`...` goes through empty keys",
      here: "An empty name is no step of a path: no variable and no label has one. `index` takes it.",
      run: () => {
        const it: Model = { "": { "": "x" } };
        assert.equal(at("...", it), "-");
        assert.equal(printedOf('{{index it "" ""}}', it), "x");
      },
    },
    {
      shows: "keys with dots are found in a map, and in maps inside of maps",
      here: "The same, and where several names fit the longest that leads somewhere counts; docker-gen takes the shortest and then finds nothing.",
      run: () => {
        assert.deepEqual([at("labels.com.docker"), at("labels.com.docker.role")], ["x", "deep"]);
        const nested: Model = { "a.b": { "c.d": "deep" } };
        assert.equal(at("a.b.c.d", nested), "deep");
      },
    },
    {
      shows:
        "an element of a list is found by its number; one that is beyond the list, negative or no number is nothing",
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
