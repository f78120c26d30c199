import assert from "node:assert/strict";
import { printed, refusal } from "./printing.ts";
import type { Topic } from "./row.ts";

const hsts = (text: string) => `{{nginxMustParseHSTS "${text}"}}`;

export const checks: Topic = {
  name: "Checks",
  rows: [
    {
      shows: "mustBeOneOf gives what is in the list, and refuses what is not, and a list with other things than texts",
      here: "The same; a number in the list is the text that it prints, so 80 is in it when it has 80. What is refused costs the container whose turn it is, not the file.",
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
      shows: "mustBeInt takes 0, 161 and -42, and refuses an empty text and abc",
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
        "mustBeIntInRange takes both bounds, and refuses what is below or above, a minimum above the maximum, an empty text and no number",
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
        "HSTS: max-age alone, with subdomains, with preload, blanks and any case are taken; empty ones, `max-age=`, others' directives, no or a zero max-age, and preload without subdomains or a year are refused",
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
