import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Disclosed } from "../../agent/disclosed.ts";
import { type Container, MAX_CONTAINERS } from "../../shared/snapshot.ts";
import { eventually } from "../eventually.ts";

function container(number: number, changes: Partial<Container> = {}): Container {
  return {
    id: number.toString(16).padStart(64, "0"),
    name: `app${number}`,
    state: "running",
    health: "none",
    stopping: false,
    stale: false,
    unread: false,
    createdAt: number,
    networks: [],
    ports: [],
    env: { VIRTUAL_HOST: `${number}.example` },
    labels: {},
    fromImage: { read: true, env: [], labels: [] },
    withheld: { env: 0, labels: 0 },
    refused: [],
    ...changes,
  };
}

describe("the limit of containers", () => {
  function full(): Disclosed {
    const disclosed = new Disclosed();
    disclosed.complete();
    for (let number = 0; number < MAX_CONTAINERS; number++) disclosed.set(container(number));
    return disclosed;
  }

  test("counts each container that is skipped once, however often it changes", () => {
    const disclosed = full();
    for (const health of ["starting", "healthy", "unhealthy"] as const)
      disclosed.set(container(MAX_CONTAINERS, { health }));
    disclosed.set(container(MAX_CONTAINERS + 1));
    assert.equal(disclosed.overflow, 2);
    disclosed.remove(container(MAX_CONTAINERS + 1).id);
    assert.equal(disclosed.overflow, 1);
    assert.equal(disclosed.containers.size, MAX_CONTAINERS);
  });

  test("a container that was skipped returns in its last state when there is room", () => {
    const disclosed = full();
    const late = container(MAX_CONTAINERS);
    disclosed.set(late);
    disclosed.set({ ...late, health: "healthy" });
    assert.equal(disclosed.containers.has(late.id), false);
    disclosed.remove(container(7).id);
    assert.equal(disclosed.containers.get(late.id)?.health, "healthy");
    assert.deepEqual([disclosed.overflow, disclosed.containers.size], [0, MAX_CONTAINERS]);
  });
});

describe("a container that changes without end", () => {
  test("changes few generations, and does not delay the changes of another", async () => {
    const disclosed = new Disclosed();
    disclosed.complete();
    const flip = (number: number, round: number): void =>
      disclosed.set(container(number, { health: round % 2 === 0 ? "healthy" : "unhealthy" }));
    for (let round = 0; round < 2_000; round++) {
      flip(1, round);
      if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(disclosed.generation <= 25, `${disclosed.generation} generations`);
    const before = disclosed.generation;
    flip(2, 0);
    await eventually("the other container changes", () => disclosed.generation > before);
    assert.ok(disclosed.changedSince(before)?.includes(container(2).id));
    assert.equal(disclosed.containers.get(container(1).id)?.health, "unhealthy");
  });

  test("is disclosed in its last state, and at once when it is removed", async () => {
    const disclosed = new Disclosed();
    disclosed.complete();
    for (let round = 0; round < 200; round++) {
      disclosed.set(container(1, { createdAt: round }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const before = disclosed.generation;
    disclosed.remove(container(1).id);
    await eventually("the removal is disclosed", () => disclosed.generation > before);
    assert.ok(disclosed.changedSince(before)?.includes(container(1).id));
  });
});
