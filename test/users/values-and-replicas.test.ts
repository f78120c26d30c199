import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { docker } from "../docker.ts";
import { containerOf, Stack } from "../e2e/stack.ts";
import { eventually } from "../eventually.ts";
import { requires } from "../requires.ts";

const PROJECT = "spusers-values";
const EXPOSED = ["--expose", "5000"];

const host = (value: string): string[] => ["-e", `VIRTUAL_HOST=${value}`];
const service = (name: string): string[] => ["--label", `com.docker.compose.service=${name}`];

describe("what users write on containers, with the shipped compose.yml", { skip: requires("docker") }, () => {
  let stack: Stack;
  before(async () => {
    stack = await Stack.up(PROJECT);
    await stack.routed("demo.viktoradam.net", "demo-site", 60_000);
  });
  after(async () => await stack.down());

  async function explain(query: string): Promise<string> {
    const args = ["exec", "-T", "renderer", "/node", "/app/renderer.cjs", "explain", query];
    return await stack.compose(...args).catch((error: Error & { stdout?: string }) => error.stdout ?? "");
  }

  async function explained(query: string, reason: RegExp): Promise<void> {
    let text = "";
    await eventually(`explain ${query} has the reason`, async () => reason.test((text = await explain(query)))).catch(
      () => assert.match(text, reason),
    );
  }

  /** Names of the containers that answer a number of requests. */
  async function answering(name: string): Promise<string[]> {
    const seen = new Set<string>();
    for (let asked = 0; asked < 8; asked++) seen.add(containerOf(await stack.get(name)));
    return [...seen];
  }

  test("a YAML block with line breaks after commas and at the end", async () => {
    const block = host("block-a.example,\n  block-b.example\n");
    await stack.runApp("block", [...block, "-e", "HTTPS_METHOD=noredirect\n", "-e", "VIRTUAL_PORT=5000\r", ...EXPOSED]);
    await stack.routed("block-a.example", "block");
    await stack.routed("block-b.example", "block");
  });

  test("120 names on one container", async () => {
    const names = Array.from({ length: 120 }, (_, index) => `h${index}.example`);
    await stack.runApp("many", [...host(names.join(",")), ...EXPOSED]);
    await stack.routed("h0.example", "many");
    await stack.routed("h119.example", "many");
  });

  test("names that nginx accepts and DNS does not", async () => {
    const names = ".cozy.example,my_app.test,_.example,*.localhost";
    await stack.runApp("names", [...host(names), ...EXPOSED]);
    for (const name of ["cozy.example", "notes.cozy.example", "my_app.test", "_.example", "dev.localhost"])
      await stack.routed(name, "names");
  });

  test("a one-off container of `docker compose run` is not a replica", async () => {
    const task = `${PROJECT}-task`;
    await stack.compose("--profile", "demo", "run", "-d", "--no-deps", "--name", task, "demo-site");
    await explained(task, /is a one-off container of `docker compose run`/);
    const id = await docker("inspect", "-f", "{{.Config.Hostname}}", stack.container("demo-site"));
    assert.deepEqual(await answering("demo.viktoradam.net"), [id]);
    await docker("stop", "-t", "1", stack.container("demo-site"));
    await stack.answered("demo.viktoradam.net", 503);
    await docker("rm", "-f", task);
    await docker("start", stack.container("demo-site"));
    await stack.routed("demo.viktoradam.net", "demo-site");
  });

  test("one `env_file` with VIRTUAL_HOST for a web server, a FastCGI server and a database", async () => {
    const env = host("shop.example");
    await stack.runApp("db", [...env, ...service("db"), "--expose", "5432"]);
    await stack.runApp("fpm", [...env, ...service("fpm"), "--expose", "9000"]);
    const web = await stack.runApp("web", [...env, ...service("web"), ...EXPOSED]);
    await stack.routed("shop.example", "web");
    await explained(`${PROJECT}-db`, /service web of project \S+ on port 5000, .*port 5432 is not a replica.*env_file/);
    assert.deepEqual(await answering("shop.example"), [web.slice(0, 12)]);
    await docker("stop", "-t", "1", web);
    await stack.answered("shop.example", 503);
  });

  test("an app that uses the network of a VPN container is reached, also after both restart", async () => {
    const names = ["vpn", "behind"].map((name) => `${PROJECT}-${name}`);
    const [vpn = "", behind = ""] = names;
    const fixed = ["--label", `sallyport.test=${PROJECT}`, "--network"];
    await docker("run", "-d", "--name", vpn, ...fixed, `${PROJECT}_default`, "sallyport-demo-app", "sleep", "600");
    const env = [...host("behind.example"), "-e", "VIRTUAL_PORT=5000", "-e", "APP_NAME=behind"];
    await docker("run", "-d", "--name", behind, ...fixed, `container:${vpn}`, ...env, "sallyport-demo-app");
    await stack.routed("behind.example", "behind");
    await docker("stop", "-t", "1", behind, vpn);
    await stack.answered("behind.example", 503);
    // Another container takes the address.
    await stack.runApp("taker", EXPOSED);
    await docker("start", vpn);
    await docker("start", behind);
    await stack.routed("behind.example", "behind");
    await docker("rm", "-f", vpn);
    await explained("behind.example", /uses the network of container/);
  });

  test("a port that is named need not be exposed", async () => {
    await stack.runApp("named", [...host("named.example"), "-e", "VIRTUAL_PORT=5000"]);
    await stack.routed("named.example", "named");
  });

  test("the TCP port of a container that exposes 2,000 UDP ports", async () => {
    await stack.runApp("ports", [...host("ports.example"), "--expose", "2000-4000/udp", ...EXPOSED]);
    await stack.routed("ports.example", "ports");
  });

  test("a container before its first health check", async () => {
    const check = ["--health-cmd", "true", "--health-interval", "5m"];
    await stack.runApp("slow", [...host("slow.example"), ...check, ...EXPOSED]);
    const due =
      /health check yet, which runs every 5m, first at \d{4}-\d\d-\d\d [\d:]+ UTC; .*sallyport\.health=started/;
    await explained("slow.example", due);
    const label = ["--label", "sallyport.health=started"];
    await stack.runApp("eager", [...host("eager.example"), ...check, ...label, ...EXPOSED]);
    await stack.routed("eager.example", "eager");
  });

  test("a container that ignores its stop signal receives no requests", async () => {
    // Node opens a debugger on this signal, and does not end.
    await stack.runApp("stubborn", [...host("stubborn.example"), "--stop-signal", "SIGUSR1", ...EXPOSED]);
    await stack.routed("stubborn.example", "stubborn");
    await docker("kill", "-s", "USR1", `${PROJECT}-stubborn`);
    await stack.answered("stubborn.example", 503);
    await explained("stubborn.example", /received its stop signal, and counts as stopping until \d{4}/);
  });

  test("a container in Docker's restart loop", async () => {
    const name = `${PROJECT}-loop`;
    const fixed = ["run", "-d", "--name", name, "--label", `sallyport.test=${PROJECT}`, "--restart", "always"];
    const network = ["--network", `${PROJECT}_default`, ...host("loop.example"), ...EXPOSED];
    await docker(...fixed, ...network, "sallyport-demo-app", "false");
    await explained("loop.example", /503: no container is available[^]*is restarting: Docker starts it again/);
    await docker("rm", "-f", name);
  });

  test("names and values that are almost right are reported with what to write", async () => {
    await stack.runApp("lower", ["-e", "virtual_host=lower.example", ...EXPOSED]);
    await stack.runApp("quoted", [...host("'quoted.example'"), ...EXPOSED]);
    await stack.runApp("url", [...host("https://url.example:8443/"), ...EXPOSED]);
    await stack.runApp("two", [...host("two.example"), "-e", "VIRTUAL_PORT=5000,6000", ...EXPOSED]);
    await explained(`${PROJECT}-lower`, /virtual_host: is not a variable of Sallyport; set VIRTUAL_HOST/);
    await explained(`${PROJECT}-quoted`, /quotes are part of the value; write quoted\.example/);
    await explained(`${PROJECT}-url`, /a name has no scheme.*write url\.example/);
    await explained("two.example", /requested by container \S+: .*write VIRTUAL_HOST_MULTIPORTS=/);
  });
});
