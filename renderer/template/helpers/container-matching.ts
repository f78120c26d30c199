import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { fieldOf, isRecord } from "../plain-record.ts";
import { printed } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";
import { labelOf } from "./container-labels.ts";

const define = helpersOf("Containers");

const TWO = {
  containers: [
    {
      id: "1f3a",
      name: "shop-web-1",
      project: "shop",
      service: "web",
      networks: [{ name: "front" }, { name: "back" }],
    },
    { id: "2b7c", name: "shop-db-1", project: "shop", service: "db", networks: [{ name: "back" }] },
  ],
};

/** Containers by what people call them, and what joins two of them. */
export const containerMatching: readonly Helper[] = [
  define(
    "matching LIST [WHAT] [id=] [name=] [service=] [project=] [image=] [label=]",
    "Containers that all given arguments fit. WHAT is an id, the beginning of an id that only one in LIST has, a name, the service of Compose or Swarm (Swarm's without its stack too), or what Docker-PyGen goes by: the label `pygen.target`, the variable `PYGEN_TARGET`. `id=` takes a beginning as well, `image=` the image with or without its tag, `label=` a key or `key=value`. What is given and missing fits nothing.",
    {
      template: `{{#each (matching containers project="shop" service="db")}}{{name}}{{/each}}`,
      data: TWO,
      prints: "shop-db-1",
    },
    (call) => matched(call),
  ),
  define(
    "notMatching LIST [WHAT] [id=] [name=] [service=] [project=] [image=] [label=]",
    "Containers that `matching` leaves out.",
    { template: `{{#each (notMatching containers "web")}}{{name}}{{/each}}`, data: TWO, prints: "shop-db-1" },
    (call) => {
      const left = new Set(matched(call));
      return call.list(0).filter((item) => !left.has(item));
    },
  ),
  define(
    "healthy LIST",
    'Containers whose own check says that they are healthy; without a check nobody knows. For another health write `where LIST "health" "starting"`.',
    {
      template: `{{#each (healthy containers)}}{{name}}{{/each}}`,
      data: {
        containers: [
          { name: "a", health: "healthy" },
          { name: "b", health: "none" },
        ],
      },
      prints: "a",
    },
    (call) => call.list(0).filter((item) => textAt(item, "health") === "healthy"),
  ),
  define(
    "sharedNetworks CONTAINER OTHER",
    "Networks of CONTAINER, with its addresses there, that OTHER is on too, by name. CONTAINER may be a list of its networks, OTHER a container, a network, or a list of either.",
    {
      template: `{{#each (sharedNetworks (first containers) (last containers))}}{{name}}{{/each}}`,
      data: TWO,
      prints: "back",
    },
    (call) => {
      const names = new Set(networksMeant(call.value(1)).map(nameOf));
      return networksMeant(call.value(0)).filter((network) => nameOf(network) !== "" && names.has(nameOf(network)));
    },
  ),
];

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
  const tests = Object.entries(named).flatMap(([name, test]) => orNothing(call.named(name), test));
  const what = call.rest(0).length > 1 ? call.text(1) : undefined;
  const isCalled = (wanted: string): Test => {
    const hasId = isId(wanted);
    return (item) => hasId(item) || namesOf(item).includes(wanted);
  };
  return [...orNothing(what, isCalled), ...tests];
}

/** No test when nothing is asked for; none passes when what is asked for is empty. */
function orNothing(wanted: string | undefined, test: (wanted: string) => Test): Test[] {
  if (wanted === undefined) return [];
  return [wanted === "" ? () => false : test(wanted)];
}

function textAt(item: unknown, name: string): string | undefined {
  const value = isRecord(item) ? fieldOf(item, name) : undefined;
  return typeof value === "string" || typeof value === "number" ? printed(value) : undefined;
}

function namesOf(item: unknown): (string | undefined)[] {
  const env = isRecord(item) ? fieldOf(item, "env") : undefined;
  return [textAt(item, "name"), ...servicesOf(item), labelOf(item, "pygen.target"), textAt(env, "PYGEN_TARGET")];
}

function servicesOf(item: unknown): (string | undefined)[] {
  const swarm = labelOf(item, "com.docker.swarm.service.name");
  const stack = labelOf(item, "com.docker.stack.namespace");
  const short = stack !== undefined && swarm?.startsWith(`${stack}_`) ? swarm.slice(stack.length + 1) : undefined;
  return [textAt(item, "service"), labelOf(item, "com.docker.compose.service"), swarm, short];
}

function projectOf(item: unknown): string | undefined {
  return (
    textAt(item, "project") ??
    labelOf(item, "com.docker.compose.project") ??
    labelOf(item, "com.docker.stack.namespace")
  );
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

/** A network has no networks of its own. */
function networksMeant(meant: unknown): readonly unknown[] {
  const all: readonly unknown[] = Array.isArray(meant) ? meant : [meant];
  return all.flatMap((one) => (isRecord(one) && fieldOf(one, "networks") !== undefined ? networksOf(one) : [one]));
}

function nameOf(network: unknown): string {
  return textAt(network, "name") ?? "";
}
