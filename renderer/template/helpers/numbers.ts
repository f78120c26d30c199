import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { numberOf } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Numbers");

/** Arithmetic. A decimal text counts as its number, a missing value as 0; other texts are errors (see `int`). */
export const numbers: readonly Helper[] = [
  define(
    "add NUMBER...",
    "The sum, with its fraction, unlike sprig's.",
    { template: `{{add port 1000}}`, data: { port: 80 }, output: "1080" },
    (call) => numbersOf(call).reduce((sum, number) => sum + number, 0),
  ),
  define(
    "sub NUMBER OTHER",
    "NUMBER minus OTHER.",
    { template: `{{sub 10 3}}`, output: "7" },
    (call) => call.number(0) - call.number(1),
  ),
  define("mul NUMBER...", "The product.", { template: `{{mul 2 3 4}}`, output: "24" }, (call) =>
    numbersOf(call).reduce((product, number) => product * number, 1),
  ),
  define(
    "div NUMBER BY",
    "The quotient without its fraction. BY must not be 0.",
    { template: `{{div 7 2}}`, output: "3" },
    (call) => Math.trunc(call.number(0) / divisor(call)),
  ),
  define(
    "mod NUMBER BY",
    "The remainder of `div`, with the sign of NUMBER. BY must not be 0.",
    { template: `{{mod 7 2}}`, output: "1" },
    (call) => call.number(0) % divisor(call),
  ),
  define("min NUMBER...", "The smallest number.", { template: `{{min 3 1 2}}`, output: "1" }, (call) =>
    numbersOf(call).reduce((least, number) => Math.min(least, number)),
  ),
  define("max NUMBER...", "The largest number.", { template: `{{max 3 1 2}}`, output: "3" }, (call) =>
    numbersOf(call).reduce((most, number) => Math.max(most, number)),
  ),
  define(
    "int [VALUE] [FALLBACK]",
    "A number or decimal text without its fraction; FALLBACK, or 0, for every other value. Never fails.",
    { template: `{{int env.WEIGHT 1}}`, data: { env: { WEIGHT: "many" } }, output: "1" },
    (call) => Math.trunc(numberOf(call.value(0)) ?? call.number(1)),
  ),
];

function numbersOf(call: HelperCall): number[] {
  return call.rest(0).map((_, at) => call.number(at));
}

function divisor(call: HelperCall): number {
  const by = call.number(1);
  if (by === 0) throw call.invalid(1, "a number other than 0");
  return by;
}
