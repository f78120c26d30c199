import { test } from "node:test";
import assert from "node:assert/strict";
import { fc } from "../../property.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import type { HostName } from "../../../renderer/routes/grammar.ts";
import { HostOwners } from "../../../renderer/routes/host-owners.ts";
import { RouteTable } from "../../../renderer/routes/route-table.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { container } from "../fake-agent.ts";
import { serverOf } from "./request.ts";

const LEASE = 100;
const NAMES = ["a.x.test", "b.x.test", "a.shop.x.test", "shop.x.test", "a.b.shop.x.test", "other.test"];
const PATTERNS = ["*.x.test", "*.shop.x.test", "*.b.shop.x.test", "a.*", "~^[ab][.]", "~shop"];
const REQUESTS = [...NAMES, "c.shop.x.test", "c.x.test"];

const OWNED = [{ suffix: "shop.x.test" as HostName, projects: ["shop"] }];

const hosts = fc.uniqueArray(fc.constantFrom(...NAMES, ...PATTERNS), { minLength: 1, maxLength: 3 });

/** A container: its requests, its project, and which of these values its image sets. */
const app = fc.record({
  number: fc.nat(11),
  hosts,
  redirectFrom: fc.option(fc.constantFrom(...NAMES, "*.x.test", "*.shop.x.test"), { nil: undefined }),
  project: fc.constantFrom("shop", "thief", "site", undefined),
  isImageProject: fc.boolean(),
  isImageHost: fc.boolean(),
  state: fc.constantFrom("running", "running", "running", "exited", "created", "paused"),
  createdAt: fc.nat(20),
});

type App = typeof app extends fc.Arbitrary<infer T> ? T : never;

function known(one: App): InventoryContainer {
  const name = `app${one.number}`;
  const project = one.project === undefined ? {} : composeLabels(one.project);
  const from = one.redirectFrom === undefined ? {} : { "sallyport.redirect-from": one.redirectFrom };
  return {
    agent: "/a.sock",
    dockerHost: "one",
    container: container("a", {
      id: one.number.toString(16).padStart(64, "0"),
      name,
      state: one.state as "running",
      createdAt: one.createdAt,
      env: { VIRTUAL_HOST: one.hosts.join(",") },
      labels: { ...project, ...from },
      networks: [{ name: "front", ipv4: `10.0.0.${one.number}` }],
      fromImage: {
        read: true,
        env: one.isImageHost ? ["VIRTUAL_HOST"] : [],
        labels: one.isImageProject ? Object.keys(project) : [],
      },
    }),
  };
}

/** Containers by their records, as a model that does not use the code under test sees them. */
const apps = new WeakMap<InventoryContainer, App>();

function ownerOf(one: InventoryContainer): string {
  const { project, isImageProject, number } = apps.get(one)!;
  return project === undefined || isImageProject ? `container app${number} on one` : `project ${project}`;
}

type Step =
  | readonly [kind: "up", one: App]
  | readonly [kind: "down", number: number]
  | readonly [kind: "wait", ms: number];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant("up" as const), app) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("down" as const), fc.nat(11)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("wait" as const), fc.integer({ min: 1, max: LEASE })) },
);

function isShops(name: string): boolean {
  return /(^|\.)shop\.x\.test$/.test(name);
}

function isRedirect(table: RouteTable, host: string): boolean {
  return table.routes.virtualHosts.some((one) => one.host === host && one.redirectTo !== undefined);
}

test("no container receives a request for a name of another owner, in any order of start and stop", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      let now = 0;
      const owners = new HostOwners({ leaseMs: LEASE, clock: () => now });
      const permissions = new Set(["regex"] as const);
      const rules = { proxy: { kind: "host" }, onlyExposed: false, owners: OWNED, permissions } as const;
      const table = new RouteTable(rules, owners);
      table.recordOwners();
      const present = new Map<number, InventoryContainer>();
      /** The owner that each name was seen to have, by a model that knows nothing of the table. */
      const model = new Map<string, { owner: string; lastSeen: number }>();
      const isAllowed = (one: InventoryContainer, host: string): boolean =>
        !isShops(host) || ownerOf(one) === "project shop";
      const requests = (one: InventoryContainer, host: string): boolean =>
        !one.container.fromImage.env.includes("VIRTUAL_HOST") &&
        one.container.state !== "created" &&
        (one.container.env["VIRTUAL_HOST"] ?? "").split(",").includes(host);
      for (const [kind, argument] of steps) {
        if (kind === "wait") {
          now += argument;
          table.expire(now);
        } else if (kind === "up") {
          const one = known(argument);
          apps.set(one, argument);
          present.set(argument.number, one);
          table.apply({ upserted: [one], gone: [] }, now);
        } else {
          const one = present.get(argument);
          if (!one) continue;
          present.delete(argument);
          table.apply({ upserted: [], gone: [one] }, now);
        }
        const byName = new Map([...present.values()].map((one) => [one.container.name, one]));
        for (const name of REQUESTS) {
          const { host, containers } = serverOf(table, name);
          const receivers = containers.map((receiver) => byName.get(receiver)!);
          for (const one of receivers) {
            // What a container receives, it requested: by this name, or by a pattern that nginx chose.
            assert.ok(requests(one, host!), `${name} -> ${one.container.name} by ${host}`);
            assert.ok(isAllowed(one, name), `${name} is reserved, but reaches ${one.container.name}`);
          }
          if (host !== undefined && isRedirect(table, host)) {
            const owner = owners.all.get(host)?.owner;
            assert.ok(owner === "project shop" || !isShops(name), `${name} is reserved, but ${owner} redirects it`);
          }
          // All receivers have one owner, and an exact name stays with the owner that received it last.
          assert.ok(new Set(receivers.map(ownerOf)).size <= 1);
          const before = model.get(name);
          const [first] = receivers;
          if (first && before && before.owner !== ownerOf(first)) assert.ok(now - before.lastSeen >= LEASE, name);
          if (first && host === name) model.set(name, { owner: ownerOf(first), lastSeen: now });
          else if (before && [...present.values()].some((one) => ownerOf(one) === before.owner && requests(one, name)))
            model.set(name, { ...before, lastSeen: now });
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
