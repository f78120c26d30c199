import assert from "node:assert/strict";
import { test } from "node:test";
import { engineWithClient } from "./client.ts";

/** Sends one request to a container and returns the body. */
async function visit(address: string, path = "/"): Promise<string> {
  return await (await fetch(`http://${address}:5000${path}`)).text();
}

test("a container serves HTTP at the address and port that list and inspect report", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  const { id } = await engine.run({ name: "web", expose: [5000], networks: ["front"], env: { VIRTUAL_HOST: "a.b" } });

  const [row] = await docker.listContainers();
  const address = row?.NetworkSettings.Networks["front"]?.IPAddress ?? "";
  assert.match(address, /^127\./);
  assert.deepEqual(row?.Ports, [{ PrivatePort: 5000, Type: "tcp" }]);
  const text = await visit(address, "/path?q=1");
  assert.match(text, new RegExp(`^container: ${id.slice(0, 12)}\napp: web\nrequest: GET /path\\?q=1\n`));
  assert.match(text, /^host: 127\./im);

  const inspected = await docker.getContainer("web").inspect();
  assert.equal(inspected.Id, id);
  assert.equal(inspected.NetworkSettings.Networks["front"]?.IPAddress, address);
  assert.deepEqual(inspected.Config.Env, ["VIRTUAL_HOST=a.b"]);
  assert.deepEqual(inspected.NetworkSettings.Ports, { "5000/tcp": null });
});

test("lists running or all containers, newest first, and filters like Docker", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  const { id } = await engine.run({ name: "old", labels: { tier: "web" }, health: "healthy" });
  engine.create({ name: "never-started" });
  await engine.run({ name: "over", networks: ["back"] });
  await engine.stop("over");
  const names = async (options: object) => (await docker.listContainers(options)).map(({ Names }) => Names.join());

  assert.deepEqual(await names({}), ["/old"]);
  assert.deepEqual(await names({ all: true }), ["/over", "/never-started", "/old"]);
  for (const filters of [
    { id: [id] },
    { name: ["^/?old$"] },
    { label: ["tier"] },
    { label: ["tier=web"] },
    { health: ["healthy"] },
    { status: ["running"] },
  ]) {
    assert.deepEqual(await names({ all: true, filters }), ["/old"], JSON.stringify(filters));
  }
  assert.deepEqual(await names({ filters: { status: ["exited"] } }), ["/over"]);
  assert.deepEqual(await names({ all: true, filters: { network: ["back"] } }), ["/over"]);
  assert.deepEqual(await names({ filters: { label: ["tier=db"] } }), []);
  await assert.rejects(docker.listContainers({ filters: { bogus: ["x"] } }), { statusCode: 400 });
});

test("the address of a stopped container is reused by the next one", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  await engine.run({ name: "first", expose: [5000] });
  const address = engine.addressOf("first");
  await engine.stop("first");
  await assert.rejects(visit(address));
  assert.throws(() => engine.addressOf("first"), /has no address/);

  const [row] = await docker.listContainers({ all: true });
  assert.equal(row?.State, "exited");
  assert.match(row.Status, /^Exited \(0\) Less than a second ago$/);
  assert.equal(row.NetworkSettings.Networks["bridge"]?.IPAddress, "");
  assert.deepEqual(row.Ports, []);

  await engine.run({ name: "second", expose: [5000] });
  assert.equal(engine.addressOf("second"), address);
  assert.match(await visit(address), /app: second/);
});

test("a container serves requests during its grace period and completes them", async (t) => {
  const { engine } = await engineWithClient(t);
  await engine.run({ name: "web", expose: [5000] });
  const address = engine.addressOf("web");
  let slow: Promise<string> | undefined;
  await engine.stop("web", {
    grace: async () => {
      assert.match(await visit(address), /app: web/);
      slow = visit(address, "/slow?ms=50");
      await visit(address);
    },
  });
  assert.match((await slow) ?? "", /app: web/);
});

test("a paused container accepts connections and responds after unpause", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  await engine.run({ name: "web", expose: [5000], health: "healthy" });
  engine.pause("web");
  let answered = false;
  const answer = visit(engine.addressOf("web")).then((text) => {
    answered = true;
    return text;
  });
  const [row] = await docker.listContainers();
  assert.equal(row?.State, "paused");
  assert.match(row.Status, /\(Paused\)$/, "the health is not reported meanwhile");
  assert.equal(answered, false);
  engine.unpause("web");
  assert.match(await answer, /app: web/);
  assert.match((await docker.listContainers())[0]?.Status ?? "", /\(unhealthy\)$/, "before the next check");
  engine.health("web", "healthy");
  assert.match((await docker.listContainers())[0]?.Status ?? "", /\(healthy\)$/);
});

test("a container has an address in each of its networks", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  await engine.run({ name: "web", expose: [5000], networks: ["front"] });
  await engine.connect("web", "back");
  const [front, back] = [engine.addressOf("web", "front"), engine.addressOf("web", "back")];
  assert.notEqual(front, back);
  assert.match(await visit(back), /app: web/);
  const [network] = await docker.listNetworks({ filters: {} }).then((all) => all.filter(({ Name }) => Name === "back"));
  const members = (await docker.getNetwork(network?.Id ?? "").inspect()) as { Containers: Record<string, unknown> };
  assert.deepEqual(Object.keys(members.Containers), [engine.container("web").id]);

  await engine.disconnect("web", "back");
  await assert.rejects(visit(back));
  assert.match(await visit(front), /app: web/);
});

test("containers without a network have neither addresses nor ports", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  const { id } = await engine.run({ name: "web", expose: [5000] });
  await engine.run({ name: "joined", networks: [], networkMode: `container:${id}`, expose: [5001], serve: false });
  await engine.run({ name: "alone", networks: ["none"], expose: [5002], serve: false });
  await engine.run({ name: "hosted", networks: ["host"], expose: [5003], serve: false });
  for (const name of ["joined", "alone", "hosted"]) {
    const { NetworkSettings } = await docker.getContainer(name).inspect();
    assert.deepEqual(NetworkSettings.Ports, {}, name);
    assert.deepEqual(
      Object.values(NetworkSettings.Networks)
        .map(({ IPAddress }) => IPAddress)
        .join(),
      "",
      name,
    );
  }
  assert.equal((await docker.getContainer("joined").inspect()).HostConfig.NetworkMode, `container:${id}`);
});

test("two engines on one machine assign different addresses", async (t) => {
  const { engine: one } = await engineWithClient(t);
  const { engine: other } = await engineWithClient(t);
  await one.run({ name: "web", expose: [5000] });
  await other.run({ name: "web", expose: [5000] });
  assert.notEqual(one.addressOf("web"), other.addressOf("web"));
});

test("with a shared address, containers differ by port", async (t) => {
  const { engine } = await engineWithClient(t, { sharedAddress: true });
  await engine.run({ name: "one", expose: [5000] });
  await engine.run({ name: "two", expose: [5001] });
  assert.deepEqual([engine.addressOf("one"), engine.addressOf("two")], ["127.0.0.1", "127.0.0.1"]);
  assert.match(await visit("127.0.0.1"), /app: one/);
});

test("records every request unchanged", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  await docker.listContainers({ all: true });
  await docker.ping();
  assert.deepEqual(
    engine.api.requests.map(({ method, target }) => `${method} ${target}`),
    ["GET /containers/json?all=true", "GET /_ping"],
  );
});

test("lists ten thousand containers completely", async (t) => {
  const { engine, docker } = await engineWithClient(t, { serve: false });
  for (let i = 0; i < 10_000; i += 1) await engine.run({ name: `c${i}`, expose: [80], labels: { i: `${i}` } });
  const rows = await docker.listContainers();
  assert.equal(rows.length, 10_000);
  const addresses = new Set(rows.map(({ NetworkSettings }) => NetworkSettings.Networks["bridge"]?.IPAddress));
  assert.equal(addresses.size, 10_000);
});
