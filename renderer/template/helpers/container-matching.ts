import type { HelperCall, Helpers } from "../helper-call.ts";
import { fieldOf, isRecord, recordOf } from "../plain-record.ts";
import { printed } from "../values.ts";
import { labelOf } from "./container-queries.ts";

/** Containers by their names, the networks that two containers share, and the parts of an image name. */
export const containerMatching: Helpers = {
  "matching LIST [WHAT] [id=] [name=] [service=] [project=] [image=] [label=]": (call) => matched(call),
  "notMatching LIST [WHAT] [id=] [name=] [service=] [project=] [image=] [label=]": (call) => {
    const left = new Set(matched(call));
    return call.list(0).filter((item) => !left.has(item));
  },
  "healthy LIST": (call) => call.list(0).filter((item) => textAt(item, "health") === "healthy"),
  "sharedNetworks CONTAINER OTHER": (call) => {
    const names = new Set(networksIn(call.value(1)).map(nameOf));
    return networksIn(call.value(0)).filter((network) => nameOf(network) !== "" && names.has(nameOf(network)));
  },
  "imageParts IMAGE": (call) => imageParts(call.text(0)),
};

type Test = (item: unknown) => boolean;

function matched(call: HelperCall): unknown[] {
  const items = call.list(0);
  const tests = testsOf(call, items);
  return items.filter((item) => tests.every((test) => test(item)));
}

function testsOf(call: HelperCall, items: readonly unknown[]): Test[] {
  const isId = (wanted: string): Test => {
    const only = items.filter((item) => isRecord(item) && textAt(item, "id")?.startsWith(wanted)).length === 1;
    return (item) => textAt(item, "id") === wanted || (only && textAt(item, "id")?.startsWith(wanted) === true);
  };
  const named: Readonly<Record<string, (wanted: string) => Test>> = {
    id: isId,
    name: (wanted) => (item) => textAt(item, "name") === wanted,
    service: (wanted) => (item) => servicesOf(item).includes(wanted),
    project: (wanted) => (item) => projectOf(item) === wanted,
    image: (wanted) => (item) => isImage(textAt(item, "image"), wanted),
    label: (wanted) => (item) => isLabelled(item, wanted),
  };
  const tests = Object.entries(named).flatMap(([name, test]) => testFor(call.named(name), test));
  const what = call.rest(0).length > 1 ? call.text(1) : undefined;
  const isNamed = (wanted: string): Test => {
    const hasId = isId(wanted);
    return (item) => hasId(item) || namesOf(item).includes(wanted);
  };
  return [...testFor(what, isNamed), ...tests];
}

/** No test for an argument that is not given; a test that nothing passes for one with a missing value. */
function testFor(wanted: string | undefined, test: (wanted: string) => Test): Test[] {
  if (wanted === undefined) return [];
  return [wanted === "" ? () => false : test(wanted)];
}

/** A label or variable that identifies a container: it does not count if it is the image's own. */
function ownText(item: unknown, from: "env" | "labels", name: string): string | undefined {
  if (!isRecord(item)) return undefined;
  const own = fieldOf(item, from === "env" ? "ownEnv" : "ownLabels") ?? fieldOf(item, from);
  return textAt(own, name);
}

function textAt(item: unknown, name: string): string | undefined {
  const value = isRecord(item) ? fieldOf(item, name) : undefined;
  return typeof value === "string" || typeof value === "number" ? printed(value) : undefined;
}

function namesOf(item: unknown): (string | undefined)[] {
  const targets = [ownText(item, "labels", "pygen.target"), ownText(item, "env", "PYGEN_TARGET")];
  return [textAt(item, "name"), ...servicesOf(item), ...targets];
}

function servicesOf(item: unknown): (string | undefined)[] {
  const task = isRecord(item) ? fieldOf(item, "task") : undefined;
  const swarm = textAt(task, "service") ?? ownText(item, "labels", "com.docker.swarm.service.name");
  const stack = textAt(task, "stack") ?? ownText(item, "labels", "com.docker.stack.namespace");
  const short = stack !== undefined && swarm?.startsWith(`${stack}_`) ? swarm.slice(stack.length + 1) : undefined;
  return [textAt(item, "service"), swarm, short];
}

function projectOf(item: unknown): string | undefined {
  return textAt(item, "project") ?? ownText(item, "labels", "com.docker.stack.namespace");
}

function isImage(image: string | undefined, wanted: string): boolean {
  if (image === undefined || image === wanted) return image === wanted;
  const rest = image.startsWith(wanted) ? image.slice(wanted.length) : "";
  return rest.startsWith("@") || /^:[^/]*$/.test(rest);
}

function isLabelled(item: unknown, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  const value = labelOf(item, equals < 0 ? wanted : wanted.slice(0, equals));
  return value !== undefined && (equals < 0 || value === wanted.slice(equals + 1));
}

function networksOf(item: unknown): readonly unknown[] {
  const networks = isRecord(item) ? fieldOf(item, "networks") : undefined;
  return Array.isArray(networks) ? networks : [];
}

/** The networks of a container, of a list of containers, or networks themselves: a network has no networks. */
function networksIn(value: unknown): readonly unknown[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one) => (isRecord(one) && fieldOf(one, "networks") !== undefined ? networksOf(one) : [one]));
}

function nameOf(network: unknown): string {
  return textAt(network, "name") ?? "";
}

function imageParts(image: string): Readonly<Record<string, string>> {
  if (/^sha256:[0-9a-f]{64}$/.test(image)) {
    return recordOf(Object.entries({ registry: "", repository: "", tag: "", digest: image }));
  }
  const [named = "", ...digest] = image.split("@");
  const slash = named.indexOf("/");
  const first = slash < 0 ? "" : named.slice(0, slash);
  const registry = /[.:]/.test(first) || first === "localhost" ? first : "";
  const path = registry === "" ? named : named.slice(slash + 1);
  const colon = path.indexOf(":", path.lastIndexOf("/") + 1);
  const [repository, tag] = colon < 0 ? [path, ""] : [path.slice(0, colon), path.slice(colon + 1)];
  return recordOf(Object.entries({ registry, repository, tag, digest: digest.join("@") }));
}
