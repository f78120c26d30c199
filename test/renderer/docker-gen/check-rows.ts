import assert from "node:assert/strict";
import { printed, refusal } from "./printing.ts";
import type { Topic } from "./row.ts";

const hsts = (text: string) => `{{nginxMustParseHSTS "${text}"}}`;

export const checks: Topic = {
  name: "Checks",
  rows: [
    {
      shows: "mustBeOneOf returns a string of the list, and rejects other strings and lists with other elements",
      here: 'The same; 80 in the list equals "80". A rejected value quarantines its container, not the file.',
      run: () => {
        assert.equal(printed('{{mustBeOneOf (list "http" "https") "https"}}'), "https");
        assert.match(
          refusal('{{mustBeOneOf (list "http" "https") "ftp"}}'),
          /mustBeOneOf: TEXT must be one of LIST, not the text "ftp"/,
        );
        assert.match(refusal('{{mustBeOneOf (list "http" (list "a")) "http"}}'), /LIST must be a list of texts/);
        assert.equal(printed('{{mustBeOneOf (list 80 443) "80"}}'), "80");
      },
    },
    {
      shows: "mustBeInt accepts 0, 161 and -42, and rejects an empty string and abc",
      run: () => {
        assert.deepEqual(
          ["0", "161", "-42"].map((text) => printed(`{{mustBeInt "${text}"}}`)),
          ["0", "161", "-42"],
        );
        for (const text of ["", "abc", "1.5", " 1"])
          assert.match(refusal(`{{mustBeInt "${text}"}}`), /must be an integer/);
      },
    },
    {
      shows:
        "mustBeIntInRange accepts both bounds, and rejects values outside, a minimum above the maximum, an empty string and abc",
      run: () => {
        const within = (range: string, text: string) => `{{mustBeIntInRange ${range} "${text}"}}`;
        assert.deepEqual(
          ["1", "10"].map((text) => printed(within("1 10", text))),
          ["1", "10"],
        );
        for (const text of ["0", "11", "", "abc"]) assert.match(refusal(within("1 10", text)), /from 1 to 10/);
        assert.match(refusal(within("10 1", "5")), /from 10 to 1/);
      },
    },
    {
      shows:
        "HSTS: max-age, with subdomains, with preload, spaces and any case are accepted; an empty value, `max-age=`, unknown directives, a missing or zero max-age, and preload without subdomains or a year are rejected",
      run: () => {
        const good = ["max-age=1", "max-age=1; includeSubDomains", " MAX-AGE=31536000 ;INCLUDESUBDOMAINS; preload "];
        assert.deepEqual(
          good.map((text) => printed(hsts(text))),
          ["max-age=1", "max-age=1; includeSubDomains", "max-age=31536000; includeSubDomains; preload"],
        );
        const bad = ["", "max-age=", "off", "max-age=1; other", "includeSubDomains", "max-age=0"];
        const preload = ["max-age=31536000; preload", "max-age=31535999; includeSubDomains; preload"];
        for (const text of [...bad, ...preload])
          assert.match(refusal(hsts(text)), /value of Strict-Transport-Security/);
      },
    },
  ],
};
