import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { fieldOf, hasField, isRecord, namesOf, recordOf, type PlainRecord } from "../plain-record.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Records");

const LABELS = { labels: { tier: "web", "app.role": "api" } };

/** Labels, environments, and records made by helpers. A missing record is empty. No helper changes its argument. */
export const records: readonly Helper[] = [
  define(
    "dict [NAME_AND_VALUE...]",
    'A record of alternating names and values; a name without a value has the value "".',
    { template: `{{get (dict "port" 80) "port"}}`, output: "80" },
    (call) => {
      const given = call.rest(0);
      const names = given.flatMap((_, at) => (at % 2 === 0 ? [call.text(at)] : []));
      return recordOf(names.map((name, at) => [name, 2 * at + 1 < given.length ? given[2 * at + 1] : ""]));
    },
  ),
  define(
    "get RECORD NAME [FALLBACK]",
    'The field NAME, which may contain dots; FALLBACK, or nothing, if it does not exist. sprig returns "".',
    { template: `{{get labels "app.role"}}`, data: LABELS, output: "api" },
    (call) => fieldOf(call.record(0), call.text(1)) ?? call.value(2),
  ),
  define(
    "at VALUE PATH [FALLBACK]",
    "The value at a path through records and lists; FALLBACK, or nothing, if it does not exist. Names may contain dots: the longest name that leads to a value counts.",
    { template: `{{at this "labels.app.role"}} {{at this "ports.0" "none"}}`, data: LABELS, output: "api none" },
    (call) => atPath(call.value(0), call.path(1)) ?? call.value(2),
  ),
  define(
    "hasKey RECORD NAME",
    "Whether RECORD has the field NAME.",
    { template: `{{hasKey labels "tier"}}`, data: LABELS, output: "true" },
    (call) => hasField(call.record(0), call.text(1)),
  ),
  define(
    "keys RECORD...",
    "The names of each record, sorted by code points. docker-gen takes one record and returns a random order.",
    { template: `{{join "," (keys labels)}}`, data: LABELS, output: "app.role,tier" },
    (call) => call.bounded(recordsOf(call).flatMap(namesOf)),
  ),
  define(
    "values RECORD",
    "The values of RECORD, in the order of their names.",
    { template: `{{join "," (values labels)}}`, data: LABELS, output: "api,web" },
    (call) => namesOf(call.record(0)).map((name) => call.record(0)[name]),
  ),
  define(
    "set RECORD NAME VALUE",
    "A copy of RECORD with the field. RECORD does not change, unlike sprig's.",
    { template: `{{json (set labels "tier" "db")}}`, data: { labels: { tier: "web" } }, output: '{"tier":"db"}' },
    (call) => recordOf([...Object.entries(call.record(0)), [call.text(1), call.value(2)] as const]),
  ),
  define(
    "merge RECORD...",
    "The fields of all records. Of fields with the same name the first counts; records are merged in the same way.",
    { template: `{{json (merge (dict "a" 1) (dict "a" 2 "b" 3))}}`, output: '{"a":1,"b":3}' },
    (call) => recordsOf(call).reduceRight((under, over) => merged(over, under)),
  ),
];

function recordsOf(call: HelperCall): PlainRecord[] {
  return call.rest(0).map((_, at) => call.record(at));
}

function merged(over: PlainRecord, under: PlainRecord): PlainRecord {
  const both = Object.entries(over).map(([name, value]) => {
    const below = fieldOf(under, name);
    return [name, isRecord(value) && isRecord(below) ? merged(value, below) : value] as const;
  });
  return recordOf([...Object.entries(under), ...both]);
}
