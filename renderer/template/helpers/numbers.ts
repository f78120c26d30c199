import { helpersOf } from "../define-helper.ts";
import { MAX_ELEMENTS, type HelperCall } from "../helper-call.ts";
import { numberOf } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Numbers");

/** Arithmetic. A text that is a decimal number counts as one, what is missing as 0; other texts are misuse: see `int`. */
export const numbers: readonly Helper[] = [
  define(
    "add NUMBER...",
    "The sum. Fractions are kept, unlike sprig's.",
    { template: `{{add port 1000}}`, data: { port: 80 }, prints: "1080" },
    (call) => each(call).reduce((sum, number) => sum + number, 0),
  ),
  define("add1 NUMBER", "One more.", { template: `{{add1 4}}`, prints: "5" }, (call) => call.number(0) + 1),
  define(
    "sub NUMBER OTHER",
    "NUMBER less OTHER.",
    { template: `{{sub 10 3}}`, prints: "7" },
    (call) => call.number(0) - call.number(1),
  ),
  define("mul NUMBER...", "The product.", { template: `{{mul 2 3 4}}`, prints: "24" }, (call) =>
    each(call).reduce((product, number) => product * number, 1),
  ),
  define(
    "div NUMBER BY",
    "How often BY goes into NUMBER, as a whole number. BY must not be 0.",
    { template: `{{div 7 2}}`, prints: "3" },
    (call) => Math.trunc(call.number(0) / divisor(call)),
  ),
  define(
    "divf NUMBER BY",
    "NUMBER divided by BY, with its fraction. BY must not be 0.",
    { template: `{{divf 7 2}}`, prints: "3.5" },
    (call) => call.number(0) / divisor(call),
  ),
  define(
    "mod NUMBER BY",
    "What is left of NUMBER after `div`; it has NUMBER's sign. BY must not be 0.",
    { template: `{{mod 7 2}}`, prints: "1" },
    (call) => call.number(0) % divisor(call),
  ),
  define("min NUMBER...", "The smallest.", { template: `{{min 3 1 2}}`, prints: "1" }, (call) =>
    each(call).reduce((least, number) => Math.min(least, number)),
  ),
  define("max NUMBER...", "The largest.", { template: `{{max 3 1 2}}`, prints: "3" }, (call) =>
    each(call).reduce((most, number) => Math.max(most, number)),
  ),
  define("ceil NUMBER", "The next whole number up.", { template: `{{ceil 1.2}}`, prints: "2" }, (call) =>
    Math.ceil(call.number(0)),
  ),
  define("floor NUMBER", "The next whole number down.", { template: `{{floor 1.8}}`, prints: "1" }, (call) =>
    Math.floor(call.number(0)),
  ),
  define(
    "round NUMBER [PLACES]",
    "NUMBER with at most PLACES decimals, from 0 (as when left out) to 15; halves go away from 0.",
    { template: `{{round 2.345 2}}`, prints: "2.35" },
    (call) => rounded(call.number(0), call.integer(1, { min: 0, max: 15 })),
  ),
  define(
    "int [VALUE] [FALLBACK]",
    "The whole part of a number or of a decimal text; FALLBACK, or 0, for all else. Never fails.",
    { template: `{{int env.WEIGHT 1}}`, data: { env: { WEIGHT: "many" } }, prints: "1" },
    (call) => {
      const number = numberOf(call.value(0));
      return number === undefined ? Math.trunc(call.number(1)) : Math.trunc(number);
    },
  ),
  define(
    "float64 [VALUE] [FALLBACK]",
    "The number of a number or of a decimal text; FALLBACK, or 0, for all else. Never fails.",
    { template: `{{float64 "1.50"}}`, prints: "1.5" },
    (call) => numberOf(call.value(0)) ?? call.number(1),
  ),
  define(
    "until COUNT",
    `The whole numbers from 0 up to COUNT, without it; down for a negative COUNT. At most ${MAX_ELEMENTS}.`,
    { template: `{{#each (until 3)}}{{this}} {{/each}}`, prints: "0 1 2 " },
    (call) => {
      const count = call.integer(0, { min: -MAX_ELEMENTS, max: MAX_ELEMENTS });
      return steps(call, 0, count, Math.sign(count));
    },
  ),
  define(
    "untilStep START STOP STEP",
    `START, START and STEP, and so on, before STOP is reached. Empty when STEP leads away from STOP or is 0. At most ${MAX_ELEMENTS}.`,
    { template: `{{#each (untilStep 3 9 2)}}{{this}} {{/each}}`, prints: "3 5 7 " },
    (call) => steps(call, whole(call, 0), whole(call, 1), whole(call, 2)),
  ),
  define(
    "seq START [STOP] [END]",
    "With one argument the numbers from 1 to it, with two from the first to the second, with three START, STEP, END; as a text, separated by blanks.",
    { template: `{{seq 2 5}}|{{seq 0 5 10}}`, prints: "2 3 4 5|0 5 10" },
    (call) => sequence(call).join(" "),
  ),
];

function each(call: HelperCall): number[] {
  return call.rest(0).map((_, at) => call.number(at));
}

function divisor(call: HelperCall): number {
  const by = call.number(1);
  if (by === 0) throw call.misuse(1, "another number than 0");
  return by;
}

function whole(call: HelperCall, at: number): number {
  return call.integer(at, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
}

/** Decimal, not binary: 2.345 has no exact double. */
function rounded(number: number, places: number): number {
  const [digits = "0", exponent = "0"] = `${Math.abs(number)}`.split("e");
  const shifted = Math.round(Number(`${digits}e${Number(exponent) + places}`));
  const [back = "0", power = "0"] = `${shifted}`.split("e");
  return Math.sign(number) * Number(`${back}e${Number(power) - places}`);
}

function sequence(call: HelperCall): number[] {
  const given = call.rest(0).length;
  const [start, step, end] =
    given === 1
      ? [1, undefined, whole(call, 0)]
      : given === 2
        ? [whole(call, 0), undefined, whole(call, 1)]
        : [whole(call, 0), whole(call, 1), whole(call, 2)];
  const direction = end < start ? -1 : 1;
  return steps(call, start, end + direction, step ?? direction);
}

function steps(call: HelperCall, start: number, stop: number, step: number): number[] {
  const count = step === 0 ? 0 : Math.max(0, Math.ceil((stop - start) / step));
  if (count > MAX_ELEMENTS) throw call.refusal(`more than ${MAX_ELEMENTS} numbers`);
  return Array.from({ length: count }, (_, at) => start + at * step);
}
