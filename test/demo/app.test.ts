import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../eventually.ts";
import { freePort } from "./free-port.ts";

/** Starts the app as its image does. */
async function startApp(t: TestContext): Promise<{ at: string; terminate: () => Promise<number | null> }> {
  const port = await freePort();
  const main = fileURLToPath(new URL("app/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", main], {
    env: { PATH: process.env["PATH"], PORT: String(port), APP_NAME: "site" },
    stdio: "inherit",
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  t.after(() => child.kill("SIGKILL"));
  const at = `http://127.0.0.1:${port}`;
  await eventually("the app answers", async () => (await fetch(`${at}/health`)).ok);
  const terminate = async () => {
    child.kill("SIGTERM");
    return (await exited)[0];
  };
  return { at, terminate };
}

test("the app returns its name, the request and the headers", async (t) => {
  const { at } = await startApp(t);
  const answer = await fetch(`${at}/path?q=1`, { headers: { "X-Test": "yes" } });
  assert.equal(answer.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.match(await answer.text(), /^container: \S+\napp: site\nrequest: GET \/path\?q=1\n\n(.*\n)*x-test: yes\n/i);
});

test("the app is unhealthy while it is set to be", async (t) => {
  const { at } = await startApp(t);
  const health = async () => (await fetch(`${at}/health`)).status;
  assert.equal(await health(), 200);
  await fetch(`${at}/health/unhealthy`, { method: "POST" });
  assert.equal(await health(), 503);
  await fetch(`${at}/health/unhealthy`);
  await fetch(`${at}/health/healthy`, { method: "POST" });
  assert.equal(await health(), 200);
});

test("on SIGTERM the app accepts no connection, completes requests and exits", async (t) => {
  const { at, terminate } = await startApp(t);
  const slow = fetch(`${at}/slow?ms=500`);
  await fetch(at);
  const ended = terminate();
  await eventually("connections are rejected", async () => {
    return await fetch(at, { headers: { connection: "close" } }).then(
      () => false,
      () => true,
    );
  });
  assert.match(await (await slow).text(), /request: GET \/slow/);
  assert.equal(await ended, 0);
});
