import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { fieldOf, hasField, isRecord, namesOf, recordOf, type PlainRecord } from "../plain-record.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Records");

const LABELS = { labels: { tier: "web", "app.role": "api" } };

/** Records: labels, environments and those made here. What is missing is an empty record; a record that is given stays as it is. */
export const records: readonly Helper[] = [
  define(
    "dict [NAME_AND_VALUE...]",
    'A record of names and values by turns; a name without a value has the value "".',
    { template: `{{get (dict "port" 80) "port"}}`, prints: "80" },
    (call) => {
      const given = call.rest(0);
      const names = given.flatMap((_, at) => (at % 2 === 0 ? [call.text(at)] : []));
      return recordOf(names.map((name, at) => [name, 2 * at + 1 < given.length ? given[2 * at + 1] : ""]));
    },
  ),
  define(
    "get RECORD NAME [FALLBACK]",
    'The field NAME, which may have dots. Where there is none FALLBACK, or nothing; sprig gives "".',
    { template: `{{get labels "app.role"}}`, data: LABELS, prints: "api" },
    (call) => fieldOf(call.record(0), call.text(1)) ?? call.value(2),
  ),
  define(
    "at VALUE PATH [FALLBACK]",
    "What stands at a path, through records and lists; where there is nothing FALLBACK, or nothing. Names may have dots: the longest that leads somewhere counts.",
    { template: `{{at this "labels.app.role"}} {{at this "ports.0" "none"}}`, data: LABELS, prints: "api none" },
    (call) => atPath(call.value(0), call.path(1)) ?? call.value(2),
  ),
  define(
    "dig NAME... FALLBACK RECORD",
    "The field of the field of RECORD, by as many names as there are, or FALLBACK.",
    { template: `{{dig "labels" "tier" "none" this}}`, data: LABELS, prints: "web" },
    (call) => dig(call),
  ),
  define(
    "hasKey RECORD NAME",
    "Whether RECORD has the field.",
    { template: `{{hasKey labels "tier"}}`, data: LABELS, prints: "true" },
    (call) => hasField(call.record(0), call.text(1)),
  ),
  define(
    "keys RECORD...",
    "The names of the records, one record's after the other's, sorted by code points. docker-gen takes one record and gives them in random order.",
    { template: `{{join "," (keys labels)}}`, data: LABELS, prints: "app.role,tier" },
    (call) => call.bounded(all(call).flatMap(namesOf)),
  ),
  define(
    "values RECORD",
    "The values of RECORD in the order of their names.",
    { template: `{{join "," (values labels)}}`, data: LABELS, prints: "api,web" },
    (call) => namesOf(call.record(0)).map((name) => call.record(0)[name]),
  ),
  define(
    "pluck NAME RECORD...",
    "The field NAME of each record that has it.",
    { template: `{{join "," (pluck "port" (dict "port" 80) (dict "port" 443))}}`, prints: "80,443" },
    (call) =>
      call
        .rest(1)
        .map((_, at) => call.record(at + 1))
        .filter((record) => hasField(record, call.text(0)))
        .map((record) => fieldOf(record, call.text(0))),
  ),
  define(
    "pick RECORD NAME...",
    "RECORD with these fields alone.",
    { template: `{{json (pick labels "tier" "no")}}`, data: LABELS, prints: '{"tier":"web"}' },
    (call) => picked(call, (wanted, name) => wanted.has(name)),
  ),
  define(
    "omit RECORD NAME...",
    "RECORD without these fields.",
    { template: `{{json (omit labels "tier")}}`, data: LABELS, prints: '{"app.role":"api"}' },
    (call) => picked(call, (wanted, name) => !wanted.has(name)),
  ),
  define(
    "set RECORD NAME VALUE",
    "A copy of RECORD with the field. RECORD itself stays as it is; sprig's changes.",
    { template: `{{json (set labels "tier" "db")}}`, data: { labels: { tier: "web" } }, prints: '{"tier":"db"}' },
    (call) => recordOf([...Object.entries(call.record(0)), [call.text(1), call.value(2)] as const]),
  ),
  define(
    "unset RECORD NAME",
    "A copy of RECORD without the field. RECORD itself stays as it is; sprig's changes.",
    { template: `{{json (unset labels "tier")}}`, data: LABELS, prints: '{"app.role":"api"}' },
    (call) => picked(call, (wanted, name) => !wanted.has(name)),
  ),
  define(
    "merge RECORD...",
    "The fields of all records; of the same name the first counts, and records in records are merged the same way.",
    { template: `{{json (merge (dict "a" 1) (dict "a" 2 "b" 3))}}`, prints: '{"a":1,"b":3}' },
    (call) => all(call).reduceRight((under, over) => merged(over, under)),
  ),
  define(
    "mergeOverwrite RECORD...",
    "As `merge`, but of the same name the last counts.",
    { template: `{{json (mergeOverwrite (dict "a" 1) (dict "a" 2 "b" 3))}}`, prints: '{"a":2,"b":3}' },
    (call) => all(call).reduce((under, over) => merged(over, under)),
  ),
];

function all(call: HelperCall): PlainRecord[] {
  return call.rest(0).map((_, at) => call.record(at));
}

function picked(call: HelperCall, isWanted: (wanted: ReadonlySet<string>, name: string) => boolean): PlainRecord {
  const wanted = new Set(call.texts(1));
  return recordOf(Object.entries(call.record(0)).filter(([name]) => isWanted(wanted, name)));
}

function dig(call: HelperCall): unknown {
  const last = call.rest(0).length - 1;
  let value: unknown = call.record(last);
  for (let at = 0; at < last - 1; at++) value = isRecord(value) ? fieldOf(value, call.text(at)) : undefined;
  return value ?? call.value(last - 1);
}

function merged(over: PlainRecord, under: PlainRecord): PlainRecord {
  const both = Object.entries(over).map(([name, value]) => {
    const below = fieldOf(under, name);
    return [name, isRecord(value) && isRecord(below) ? merged(value, below) : value] as const;
  });
  return recordOf([...Object.entries(under), ...both]);
}
