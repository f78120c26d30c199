import { helpersOf } from "../define-helper.ts";
import { isRecord } from "../plain-record.ts";
import { isEmpty, keyOf, same } from "../sameness.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Logic");

/** Choices. Empty is: missing, false, 0, "", a list or record without entries. */
export const logic: readonly Helper[] = [
  define(
    "default FALLBACK [VALUE]",
    "VALUE, or FALLBACK when VALUE is empty.",
    { template: `{{default "80" env.PORT}}`, data: { env: {} }, prints: "80" },
    (call) => (isEmpty(call.value(1)) ? call.value(0) : call.value(1)),
  ),
  define(
    "empty [VALUE]",
    'Whether VALUE is missing, false, 0, "", or a list or record without entries.',
    { template: `{{empty labels}}`, data: { labels: {} }, prints: "true" },
    (call) => isEmpty(call.value(0)),
  ),
  define(
    "coalesce VALUE...",
    'The first VALUE that is neither missing nor "". docker-gen\'s gives "" too; 0 and false are values in both.',
    { template: `{{coalesce env.HOST "" "localhost"}}`, data: { env: {} }, prints: "localhost" },
    (call) => call.rest(0).find((value) => value !== undefined && value !== null && value !== ""),
  ),
  define(
    "when CONDITION THEN OTHERWISE",
    "THEN if CONDITION is true, OTHERWISE if it is false or missing. Texts and numbers are no conditions: use `parseBool` or `eq`.",
    { template: `{{when stale "old" "new"}}`, data: { stale: false }, prints: "new" },
    (call) => (call.truth(0) ? call.value(1) : call.value(2)),
  ),
  define(
    "ternary THEN OTHERWISE CONDITION",
    "`when` with the condition at the end.",
    { template: `{{ternary "old" "new" stale}}`, data: { stale: true }, prints: "old" },
    (call) => (call.truth(2) ? call.value(0) : call.value(1)),
  ),
  define(
    "and VALUE...",
    "The first VALUE that is empty, or else the last.",
    { template: `{{#if (and host port)}}both{{/if}}`, data: { host: "a", port: 80 }, prints: "both" },
    (call) => firstOrLast(call.rest(0), isEmpty),
  ),
  define(
    "or VALUE...",
    "The first VALUE that is not empty, or else the last.",
    { template: `{{or env.HOST name}}`, data: { env: {}, name: "web" }, prints: "web" },
    (call) => firstOrLast(call.rest(0), (value) => !isEmpty(value)),
  ),
  define(
    "not [VALUE]",
    "Whether VALUE is empty.",
    { template: `{{not stale}}`, data: { stale: false }, prints: "true" },
    (call) => isEmpty(call.value(0)),
  ),
  define(
    "all VALUE...",
    "Whether no VALUE is empty.",
    { template: `{{all host port}}`, data: { host: "a" }, prints: "false" },
    (call) => !call.rest(0).some(isEmpty),
  ),
  define(
    "any VALUE...",
    "Whether some VALUE is not empty.",
    { template: `{{any host port}}`, data: { host: "a" }, prints: "true" },
    (call) => call.rest(0).some((value) => !isEmpty(value)),
  ),
  define(
    "eq VALUE OTHER...",
    'Whether VALUE is the same as one OTHER. Compared is what is printed, part by part: 80 is "80", missing is missing.',
    { template: `{{eq port "80" "443"}}`, data: { port: 443 }, prints: "true" },
    (call) => call.rest(1).some((other) => same(call.value(0), other)),
  ),
  define(
    "ne VALUE OTHER",
    "Whether `eq VALUE OTHER` is false.",
    { template: `{{ne health "healthy"}}`, data: { health: "starting" }, prints: "true" },
    (call) => !same(call.value(0), call.value(1)),
  ),
  define(
    "deepEqual VALUE OTHER",
    'As `eq`, but 80 and "80" differ.',
    { template: `{{deepEqual 80 "80"}}`, prints: "false" },
    (call) => keyOf(typed(call.value(0))) === keyOf(typed(call.value(1))),
  ),
  define(
    "kindOf [VALUE]",
    'One of "nothing", "text", "number", "boolean", "list" and "record".',
    { template: `{{kindOf ports}}`, data: { ports: [] }, prints: "list" },
    (call) => kindOf(call.value(0)),
  ),
  define(
    "kindIs KIND [VALUE]",
    "Whether `kindOf VALUE` is KIND.",
    { template: `{{kindIs "number" port}}`, data: { port: 80 }, prints: "true" },
    (call) => call.text(0) === kindOf(call.value(1)),
  ),
];

function firstOrLast(values: readonly unknown[], isWanted: (value: unknown) => boolean): unknown {
  // Where none is found the index is -1, and that is the last.
  return values.at(values.findIndex(isWanted));
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "number" || typeof value === "boolean") return typeof value;
  if (Array.isArray(value)) return "list";
  return isRecord(value) ? "record" : "text";
}

/** The value with the kind beside each part, so that comparing what is printed tells them apart. */
function typed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(typed);
  if (!isRecord(value)) return [kindOf(value), value];
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, typed(part)]));
}
