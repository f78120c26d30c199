import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PresetSource } from "../../../renderer/targets/preset-source.ts";
import type { HostName, PortNumber } from "../../../renderer/routes/grammar.ts";
import type { Published, VirtualHost } from "../../../renderer/routes/routes.ts";

const host = (name: string, httpPort?: number): VirtualHost => ({
  host: name as HostName,
  paths: [],
  options: httpPort === undefined ? {} : { httpPort: httpPort as PortNumber },
});
const routes = (...virtualHosts: VirtualHost[]): Published => ({ kind: "routes", virtualHosts });
/** A host is its name, and `+PORT` when it wants one. */
const print = ({ virtualHosts }: Published): Buffer =>
  Buffer.from(
    virtualHosts.map(({ host: name, options }) => name + (options.httpPort ? `+${options.httpPort}` : "")).join(" "),
  );

/** What a server was given that takes nothing with `+7` in it, or nothing at all, and what is left in the end. */
async function reduced(live: readonly VirtualHost[], wanted: readonly VirtualHost[], takesNothing = false) {
  const source = new PresetSource(() => undefined, print);
  if (live.length > 0) source.published(routes(...live));
  const given: string[] = [];
  const less = await source.reduceLive(routes(...wanted), async (text) => {
    given.push(text.toString());
    return takesNothing || text.includes("+7") ? "kept its old workers" : undefined;
  });
  return { given, left: less && source.render(less).toString(), aside: source.aside.map(({ detail }) => detail) };
}

describe("of hosts that a server does not take up together", () => {
  const [a, b] = [host("a"), host("b", 5)];

  test("the one with a port that is taken is left out, and the reason asks for it", async () => {
    const { given, left, aside } = await reduced([a, b], [a, b, host("c"), host("d", 7)]);
    assert.equal(left, "a b+5 c");
    assert.deepEqual(given, ["a b+5 c", "a b+5 c d+7"]);
    assert.match(aside.join(), /nginx refuses it: kept its old workers \(it wants to be at 7: is that taken\?\)/);
  });

  test("one that is another now is served as before in each try", async () => {
    const { given, left } = await reduced([a, host("b", 5)], [a, host("b", 7), host("c", 6)]);
    assert.equal(left, "a c+6");
    for (const text of given) assert.match(text, /^a b\+[57]/);
  });

  test("those without a port of their own are tried alone where it is not known who has served, but never nothing", async () => {
    assert.equal((await reduced([], [a, host("d", 7)])).left, "a");
    const { given, left } = await reduced([], [host("d", 7)]);
    assert.deepEqual([given, left], [[], undefined]);
  });

  test("nobody is left out of what is refused whatever is in it", async () => {
    const { given, left, aside } = await reduced([a], [a, host("c"), host("d", 7)], true);
    assert.deepEqual([left, aside], [undefined, []]);
    for (const text of given) assert.match(text, /^a/);
  });

  test("there is nothing to try when all of them have served", async () => {
    assert.deepEqual(await reduced([a, b], [a, b]), { given: [], left: undefined, aside: [] });
  });
});
