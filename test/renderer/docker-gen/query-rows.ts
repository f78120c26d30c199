import assert from "node:assert/strict";
import type { Model } from "../../../renderer/template/model.ts";
import { printed, refusal } from "./printing.ts";
import type { Topic } from "./row.ts";

const LIST: readonly Model[] = [
  {
    id: "1",
    name: "a",
    env: { HOST: "one.example", TAGS: "x,y" },
    ports: [{ port: 80 }],
    retries: 5,
    labels: { tier: "1" },
  },
  {
    id: "2",
    name: "b",
    env: { HOST: "one.example,two.example", TAGS: "y" },
    ports: [{ port: 443 }],
    labels: { tier: "" },
  },
  { id: "3", name: "c", env: { TAGS: "xy" }, ports: [], labels: { tier: "Front-2" } },
  { id: "4", name: "d", env: { HOST: "two.example" }, ports: [{ port: 80 }], labels: {} },
];

/** Names of the elements that a call returns. */
const names = (call: string) => printed(`{{#each (${call})}}{{name}}{{/each}}`, LIST);

/** Groups with the names of their elements. */
const groups = (call: string) => printed(`{{#each (${call})}}{{@key}}={{#each this}}{{name}}{{/each}} {{/each}}`, LIST);

export const queries: Topic = {
  name: "Where",
  rows: [
    {
      shows: "by a variable, by one that no container has, by an element of addresses, by a number",
      here: 'The same; 5 equals "5", unlike in docker-gen.',
      run: () => {
        assert.equal(names('where containers "env.HOST" "one.example"'), "a");
        assert.equal(names('where containers "env.NONE" "x"'), "");
        assert.equal(names('where containers "ports.0.port" 80'), "ad");
        assert.deepEqual([names('where containers "retries" 5'), names('where containers "retries" "5"')], ["a", "a"]);
      },
    },
    {
      shows: "whereNot keeps elements without a value",
      run: () => assert.equal(names('whereNot containers "env.HOST" "one.example"'), "bcd"),
    },
    {
      shows: "whereExist and whereNotExist",
      run: () => {
        assert.deepEqual(
          [names('whereExist containers "env.HOST"'), names('whereNotExist containers "env.HOST"')],
          ["abd", "c"],
        );
        assert.equal(names('whereExist containers "labels.tier"'), "abc");
      },
    },
    {
      shows: "whereAny with one and two candidates, in lists, and without a value",
      run: () => {
        assert.equal(names('whereAny containers "env.HOST" "," (split "one.example" ",")'), "ab");
        assert.equal(names('whereAny containers "env.HOST" "," (list "one.example" "two.example")'), "abd");
        assert.equal(names('whereAny containers "env.TAGS" "," (list "x")'), "a");
        assert.equal(names('whereAny containers "env.NONE" "," (list "x")'), "");
      },
    },
    {
      shows: "whereAll with one candidate, with two that no container has, within a list, and without a value",
      run: () => {
        assert.equal(names('whereAll containers "env.HOST" "," (list "one.example")'), "ab");
        assert.equal(names('whereAll containers "env.HOST" "," (list "one.example" "none.example")'), "");
        assert.equal(names('whereAll containers "env.HOST" "," (list "two.example" "one.example")'), "b");
        assert.equal(names('whereAll containers "env.NONE" "," (list "x")'), "");
      },
    },
    {
      shows:
        "a label exists, does not exist, or its value matches an expression: anchors, digits, `(?i)`, a label that no container has",
      here: "The same, also for other lists and for results of these helpers, for which docker-gen fails.",
      run: () => {
        assert.deepEqual(
          [names('whereLabelExists containers "tier"'), names('whereLabelDoesNotExist containers "tier"')],
          ["abc", "d"],
        );
        const fits = (expression: string, label = "tier") =>
          names(`whereLabelValueMatches containers "${label}" "${expression}"`);
        assert.deepEqual(
          [fits("^$"), fits("^[0-9]+$"), fits("(?i)^front"), fits("^front"), fits(".*", "none")],
          ["b", "a", "c", "", ""],
        );
        assert.equal(names('whereLabelExists (whereLabelExists (where containers "env.TAGS" "y") "tier") "tier"'), "b");
      },
    },
  ],
};

export const grouping: Topic = {
  name: "Groups",
  rows: [
    {
      shows: "two groups, each in the order of the list, also for the result of where",
      run: () => {
        assert.equal(groups('groupBy containers "ports.0.port"'), "80=ad 443=b ");
        assert.equal(groups('groupBy (where containers "name" "b") "env.HOST"'), "one.example,two.example=b ");
      },
    },
    {
      shows: "a default group; the names of groups; ids as names of groups",
      here: "The same, with sorted names; docker-gen's order is random.",
      run: () => {
        assert.equal(groups('groupByWithDefault containers "env.TAGS" "none"'), "none=d x,y=a xy=c y=b ");
        assert.equal(groups('groupByWithDefault containers "labels.tier" "none"'), "1=a =b Front-2=c none=d ");
        assert.equal(printed('{{join " " (groupByKeys containers "env.TAGS")}}', LIST), "x,y xy y");
        assert.equal(printed('{{join " " (groupByKeys containers "id")}}', LIST), "1 2 3 4");
      },
    },
    {
      shows: "a value that is not a list is an error",
      run: () =>
        assert.match(refusal('{{#each (groupBy "web" "name")}}{{/each}}'), /t\.hbs:1:9: groupBy: LIST must be a list/),
    },
    {
      shows:
        "groups by a label, also with an empty value; a default group; an error for a value that is not a container",
      here: "The same for containers; other values have no label and are in no group.",
      run: () => {
        assert.equal(groups('groupByLabel containers "tier"'), "1=a =b Front-2=c ");
        assert.equal(groups('groupByLabelWithDefault containers "tier" "none"'), "1=a =b Front-2=c none=d ");
        assert.equal(groups('groupByLabel (list "a" "b") "tier"'), "");
      },
    },
    {
      shows: "a list with commas puts a container into several groups",
      run: () => assert.equal(groups('groupByMulti containers "env.HOST" ","'), "one.example=ab two.example=bd "),
    },
  ],
};

const SORTED: readonly Model[] = [
  { id: "11", name: "k", env: { N: "b" }, labels: { "com.example.at": "2026-01-01T00:00:00Z" }, on: true },
  { id: "3", name: "c", env: {}, labels: { "com.example.at": "2024-01-01T00:00:00Z" }, on: false },
  { id: "1", name: "a", env: { N: "c" }, labels: { "com.example.at": "2025-01-01T00:00:00Z" } },
  { id: "8", name: "h", env: { N: "a" }, labels: {} },
];
const order = (call: string) => printed(`{{#each (${call})}}{{name}}{{/each}}`, SORTED);

export const sorting: Topic = {
  name: "Order",
  rows: [
    {
      shows: "strings ascending and descending",
      run: () => {
        const texts = '(list "b" "B" "a" "10" "9")';
        assert.equal(printed(`{{join " " (sortStringsAsc ${texts})}}`), "10 9 B a b");
        assert.equal(printed(`{{join " " (sortStringsDesc ${texts})}}`), "b a B 9 10");
      },
    },
    {
      shows: "by fields of several types: strings, booleans, integers, times; missing values first",
      run: () => {
        assert.equal(order('sortObjectsByKeysAsc containers "env.N"'), "chka");
        assert.equal(order('sortObjectsByKeysAsc containers "on"'), "ahck");
        assert.equal(order('sortObjectsByKeysAsc containers "id"'), "achk");
        assert.equal(order('sortObjectsByKeysAsc containers "labels.com.example.at"'), "hcak");
      },
    },
    {
      shows:
        "by id as a number (1, 3, 8, 11), by a variable, by a label with dots, by times, ascending and descending, without a change of the list",
      run: () => {
        assert.equal(order('sortObjectsByKeysDesc containers "id"'), "khca");
        assert.equal(order('sortObjectsByKeysDesc containers "env.N"'), "akhc");
        assert.equal(order('sortObjectsByKeysDesc containers "labels.com.example.at"'), "kach");
        const template =
          '{{#each (sortObjectsByKeysAsc containers "id")}}{{name}}{{/each}} {{#each containers}}{{name}}{{/each}}';
        assert.equal(printed(template, SORTED), "achk kcah");
      },
    },
  ],
};
