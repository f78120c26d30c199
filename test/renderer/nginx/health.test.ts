import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Container } from "../../../shared/snapshot.ts";
import { eventually } from "../../eventually.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx");

type Health = Container["health"];

/** The health states that receive requests, by the operator's rule and the container's label. */
const RULES: readonly [operator: string | undefined, label: string | undefined, served: readonly Health[]][] = [
  [undefined, undefined, ["healthy"]],
  [undefined, "started", ["healthy", "starting"]],
  [undefined, "ignored", ["healthy", "starting", "unhealthy"]],
  ["started", undefined, ["healthy", "starting"]],
  ["started", "required", ["healthy"]],
  ["ignored", undefined, ["healthy", "starting", "unhealthy"]],
];
const STATES: readonly Health[] = ["healthy", "starting", "unhealthy"];

for (const operator of [undefined, "started", "ignored"]) {
  describe(`health rule ${operator ?? "by default"}, with a real nginx`, { skip }, () => {
    const rig = new NginxRig();
    const rules = RULES.filter(([one]) => one === operator);
    const nameOf = (label: string | undefined, health: Health): string => `${label ?? "default"}-${health}`;

    before(async () => {
      const apps = rules.flatMap(([, label]) =>
        STATES.map(async (health) => {
          const labels = label === undefined ? {} : { "sallyport.health": label };
          const name = nameOf(label, health);
          return await rig.app(name, { VIRTUAL_HOST: `${name}.example` }, { health, labels });
        }),
      );
      await rig.start({ routing: operator === undefined ? {} : { health: operator } }, await Promise.all(apps));
    });
    after(async () => await rig.close());

    for (const [, label, served] of rules) {
      for (const health of STATES) {
        const isServed = served.includes(health);
        test(`${label ?? "no"} label: a container that is ${health} receives ${isServed ? "" : "no "}requests`, async () => {
          const name = nameOf(label, health);
          const { status } = await rig.ask({ host: `${name}.example` });
          assert.equal(status, isServed ? 200 : 503);
        });
      }
    }

    test("a container that is stopping receives no requests", async () => {
      const [, label] = rules[0]!;
      const name = nameOf(label, "healthy");
      const one = rig.agent.first.find((container) => container.name === name)!;
      rig.update([{ ...one, stopping: true }]);
      await eventually(
        "it receives no requests",
        async () => (await rig.ask({ host: `${name}.example` })).status === 503,
      );
    });
  });
}
