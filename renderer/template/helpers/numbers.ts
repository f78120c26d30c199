import { helpersOf } from "../define-helper.ts";
import { numberOf } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Numbers");

/** Arithmetic. A decimal text counts as its number, a missing value as 0; other texts are errors (see `int`). */
export const numbers: readonly Helper[] = [
  define(
    "add NUMBER...",
    "The sum, with its fraction, unlike sprig's.",
    { template: `{{add port 1000}}`, data: { port: 80 }, output: "1080" },
    (call) => call.rest(0).reduce((sum: number, _, at) => sum + call.number(at), 0),
  ),
  define(
    "int [VALUE] [FALLBACK]",
    "A number or decimal text without its fraction; FALLBACK, or 0, for every other value. Never fails.",
    { template: `{{int env.WEIGHT 1}}`, data: { env: { WEIGHT: "many" } }, output: "1" },
    (call) => Math.trunc(numberOf(call.value(0)) ?? call.number(1)),
  ),
];
