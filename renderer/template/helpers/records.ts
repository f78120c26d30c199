import type { HelperCall, Helpers } from "../helper-call.ts";
import { atPath } from "../field-path.ts";
import { fieldOf, hasField, isRecord, namesOf, recordOf, type PlainRecord } from "../plain-record.ts";

/** Labels, environments, and records made by helpers. A missing record is empty. No helper changes its argument. */
export const records: Helpers = {
  "dict [NAME_AND_VALUE...]": (call) => {
    const given = call.rest(0);
    const names = given.flatMap((_, at) => (at % 2 === 0 ? [call.text(at)] : []));
    return recordOf(names.map((name, at) => [name, 2 * at + 1 < given.length ? given[2 * at + 1] : ""]));
  },
  "get RECORD NAME [FALLBACK]": (call) => fieldOf(call.record(0), call.text(1)) ?? call.value(2),
  "at VALUE PATH [FALLBACK]": (call) => atPath(call.value(0), call.path(1)) ?? call.value(2),
  "hasKey RECORD NAME": (call) => hasField(call.record(0), call.text(1)),
  "keys RECORD...": (call) => call.bounded(recordsOf(call).flatMap(namesOf)),
  "values RECORD": (call) => namesOf(call.record(0)).map((name) => call.record(0)[name]),
  "set RECORD NAME VALUE": (call) =>
    recordOf([...Object.entries(call.record(0)), [call.text(1), call.value(2)] as const]),
  "merge RECORD...": (call) => recordsOf(call).reduceRight((under, over) => merged(over, under)),
};

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
