import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { fc } from "../../property.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { container } from "../fake-agent.ts";
import { renderWith, templateGroup } from "../targets/template-group.ts";
import { PRINTED, type RenderedFile } from "./gallery-formats.ts";
import { HOSTILE, hostileText } from "./hostile.ts";
import { sorted, type Tree, withTexts } from "./tree.ts";

/** The texts that a container controls, each with a plain value. */
const NEUTRAL = {
  name: "neutral-name",
  image: "neutral-image",
  network: "neutral-network",
  "com.docker.compose.project": "neutral-project",
  "com.docker.compose.service": "neutral-service",
  "haproxy.host": "neutral-haproxy.example",
  "caddy.host": "neutral-caddy.example",
  "traefik.host": "neutral-traefik.example",
  "prometheus.port": "54321",
  "logrotate.keep": "987",
  logs: "true",
} as const;
type Texts = Record<keyof typeof NEUTRAL, string>;

const FIELDS = Object.keys(NEUTRAL) as (keyof Texts)[];

function known(digit: string, texts: Texts): InventoryContainer {
  const { name, image, network, ...labels } = texts;
  const networks = [{ name: network, ipv4: `10.0.0.${digit}` }];
  const one = container(digit, {
    name,
    image,
    labels: { ...labels, "com.docker.compose.config-hash": "0" },
    networks,
    ports: [{ port: 80, proto: "tcp" }],
    createdAt: Number(digit),
  });
  return { agent: "/a.sock", dockerHost: `docker${digit}`, container: one };
}

const good = known("1", Object.fromEntries(FIELDS.map((field) => [field, GOOD(field)])) as Texts);

function GOOD(field: keyof Texts): string {
  return NEUTRAL[field].replace("neutral", "good").replace("54321", "9100").replace("987", "14");
}

interface Outcome {
  readonly tree: Tree;
  /** Reasons for the quarantine of the hostile container. */
  readonly quarantined: readonly string[];
}

type Print = (other?: InventoryContainer) => Promise<Outcome>;

/** Renders the good container and another one. */
function printer({ name, text, format, read }: RenderedFile): Print {
  const group = templateGroup(text ?? readFileSync(`renderer/templates/gallery/${name}.hbs`, "utf8"), format);
  return async (other) => {
    const { text: made, quarantined } = await renderWith(group, other ? [good, other] : [good]);
    assert.deepEqual(
      quarantined.filter(({ id }) => id === good.container.id),
      [],
    );
    return { tree: sorted(read(made)), quarantined: quarantined.map(({ reason }) => reason) };
  };
}

/** What is expected next to hostile values is the same for many of them. */
function expectation(print: Print): (texts?: Texts) => Promise<Tree> {
  const trees = new Map<string, Promise<Tree>>();
  return async (texts) => {
    const key = JSON.stringify(texts ?? {});
    const tree = trees.get(key) ?? print(texts && known("2", texts)).then((outcome) => outcome.tree);
    trees.set(key, tree);
    return await tree;
  };
}

const neutralText = new RegExp(
  FIELDS.filter((field) => field !== "logs")
    .map((field) => NEUTRAL[field])
    .join("|"),
  "g",
);

/** The texts of the hostile container are parsed as values in the places of the neutral ones, or it is quarantined. */
function checker(print: Print): (hostile: Partial<Texts>) => Promise<void> {
  const expected = expectation(print);
  return async (hostile) => {
    const texts = { ...NEUTRAL, ...hostile };
    const { tree, quarantined } = await print(known("2", texts));
    if (quarantined.length > 0) {
      assert.match(quarantined.join(), /^cannot be rendered into \/d: t\.hbs:\d+:\d+: ./s);
      assert.deepEqual(tree, await expected());
      return;
    }
    const textOf = new Map(FIELDS.map((field) => [NEUTRAL[field] as string, texts[field]]));
    // An empty text has no effect, and only one value of `logs` has one.
    const nothing = Object.fromEntries(FIELDS.filter((field) => texts[field] === "").map((field) => [field, ""]));
    const neutral = await expected({ ...NEUTRAL, ...nothing, logs: texts.logs });
    assert.deepEqual(tree, sorted(withTexts(neutral, (text) => text.replace(neutralText, (one) => textOf.get(one)!))));
  };
}

for (const printed of PRINTED) {
  test(`structure: ${printed.name} contains a neutral container next to a good one`, async () => {
    const print = printer(printed);
    const { tree, quarantined } = await print(known("2", NEUTRAL));
    assert.deepEqual(quarantined, []);
    assert.notDeepEqual(tree, (await print()).tree);
  });

  test(`structure: ${printed.name} keeps its structure for every hostile value of one field, or quarantines the container`, async () => {
    const print = printer(printed);
    const check = checker(print);
    const neutral = (await print(known("2", NEUTRAL))).tree;
    const used: (keyof Texts)[] = [];
    for (const field of FIELDS) {
      const { tree } = await print(known("2", { ...NEUTRAL, [field]: `${NEUTRAL[field]}1` }));
      if (!isDeepStrictEqual(tree, neutral)) used.push(field);
    }
    assert.ok(used.length > 0);
    // The others have the hostile value each time, because they must have no effect.
    const unused = FIELDS.filter((field) => !used.includes(field));
    for (const value of HOSTILE) {
      const others = Object.fromEntries(unused.map((field) => [field, value]));
      for (const field of used) await check({ ...others, [field]: value });
    }
  });

  test(`structure: ${printed.name} keeps its structure for hostile values of all fields, or quarantines the container`, async () => {
    const check = checker(printer(printed));
    const anything = fc.record(Object.fromEntries(FIELDS.map((field) => [field, hostileText])), { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(anything, async (hostile) => await check(hostile as Partial<Texts>)),
      { numRuns: 400 },
    );
  });
}
