import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../../../shared/snapshot.ts";
import { asciiJson } from "../../../shared/log.ts";
import { textFault } from "../../../shared/text.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";
import { container } from "../fake-agent.ts";
import { NginxRig } from "./rig.ts";
import { LABELS, VARIABLES } from "./options.ts";
import { HOSTILE } from "../structure/hostile.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

/** Containers added at once: as many as fit into one message of an agent. */
const AT_ONCE = 700;

/** Values that are hostile only as YAML. */
const SHAPES = [
  "{",
  "[1, [2]]",
  "h.example: 5",
  "h.example: {/: [1]}",
  "h.example: {/: {port: [1]}}",
  "? [a]: b",
  "a: &a [*a]",
];

/** Variables and labels with a list: each entry is reported separately, as it was parsed. */
const LISTS = ["VIRTUAL_HOST", "sallyport.host", "VIRTUAL_HOST_MULTIPORTS", "sallyport.multiports"];

interface Hostile {
  readonly place: string;
  readonly value: string;
}

const all: readonly Hostile[] = [...VARIABLES, ...LABELS].flatMap((place) =>
  [...HOSTILE, ...(place.toLowerCase().includes("multiports") ? SHAPES : [])].map((value) => ({ place, value })),
);

/** As an agent sends it: values with control characters are withheld and listed in `refused`. */
function containerOf({ place, value }: Hostile, index: number): Container {
  const isLabel = LABELS.includes(place);
  const fault = textFault(value, 4_096);
  const variable = fault === undefined ? { [place]: value } : {};
  return container("a", {
    id: (1_000 + index).toString(16).padStart(64, "0"),
    name: `bad${index}`,
    createdAt: 1_000 + index,
    env: { VIRTUAL_HOST: `h${index}.example`, ...(!isLabel && variable) },
    labels: { ...composeLabels("corpus"), ...(isLabel && variable) },
    refused: fault === undefined ? [] : [{ from: isLabel ? "label" : "env", name: place, reason: fault }],
    networks: [{ name: "front", ipv4: "192.0.2.1" }],
    ports: [{ port: 80, proto: "tcp" }],
  });
}

describe(
  `${all.length} containers with a hostile value in each variable and label, with a real nginx`,
  { skip },
  () => {
    const rig = new NginxRig();
    const statuses = new Map<string, number>();
    const stop = new AbortController();
    let requests: Promise<void>;

    const ask = async (tls: boolean): Promise<void> => {
      const { status, body } = await rig.ask({ host: "good.example", tls });
      const seen = `${tls ? "TLS" : "plain HTTP"} ${status} ${body.includes('"good"')}`;
      statuses.set(seen, (statuses.get(seen) ?? 0) + 1);
    };

    before(async () => {
      makeCertificate(rig.certificates, "good.example", ["good.example"]);
      await rig.start({ routing: { containersMay: "all" } }, [
        await rig.app("good", { VIRTUAL_HOST: "good.example", HTTPS_METHOD: "noredirect" }),
      ]);
      requests = (async () => {
        for (; !stop.signal.aborted; await sleep(5)) for (const tls of [false, true]) await ask(tls);
      })();
    });
    after(async () => {
      stop.abort();
      await rig.close();
    });

    for (let first = 0; first < all.length; first += AT_ONCE) {
      const some = all.slice(first, first + AT_ONCE);
      const containers = some.map((one, index) => containerOf(one, first + index));

      test(`from ${some[0]!.place} on, each is reported at most once, with its value, and affects no other container`, async () => {
        const gone =
          first === 0
            ? []
            : all.slice(first - AT_ONCE, first).map((one, index) => containerOf(one, first - AT_ONCE + index).id);
        const publications = rig.logged.filter(({ event }) => event === "publish.succeeded").length;
        rig.update(containers, gone);
        await eventually(
          "they are published",
          () => rig.logged.filter(({ event }) => event === "publish.succeeded").length > publications,
        );
        const { quarantined, warnings, unrouted } = await rig.status();
        const reported = [...quarantined, ...warnings, ...unrouted];
        const byName = new Map<string, (typeof reported)[number][]>();
        for (const found of reported) byName.set(found.name, [...(byName.get(found.name) ?? []), found]);
        for (const [index, { name }] of containers.entries()) {
          const { place, value } = some[index]!;
          const found = byName.get(name) ?? [];
          if (LISTS.includes(place)) continue;
          assert.ok(found.length <= 1, JSON.stringify(found));
          // Long values are truncated.
          const quoted = `invalid value ${asciiJson(value.trim()).slice(0, 100)}`;
          for (const { reason } of found)
            assert.ok(!reason.includes("invalid value") || reason.includes(quoted), reason);
        }
        assert.ok(reported.length > 0);
      });
    }

    test("the good host is served throughout, and nginx rejects nothing that the grammars accepted", async () => {
      stop.abort();
      await requests;
      assert.deepEqual([...statuses.keys()].toSorted(), ["TLS 200 true", "plain HTTP 200 true"]);
      const rejected = rig.logged.filter(
        ({ event, code }) => event === "publish.rejected" || code === "check.rejected" || code === "reload.rejected",
      );
      assert.deepEqual(rejected, []);
    });
  },
);
