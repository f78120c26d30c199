import { composeLabels } from "../shared/compose-labels.ts";
import { demoApps, DEMO_HOST } from "./demo-apps.ts";
import type { EmbeddedStack } from "./embedded-stack.ts";
import { showRouted } from "./embedded-view.ts";
import { say, step } from "./narration.ts";
import { Visitor } from "./visitor.ts";

/** The network that compose creates. */
const NETWORK = "sallyport_default";

/** Would close nginx's block and open another one. */
const HOSTILE_HOST = "evil.example; } server { listen 9999; location / { root /; }";

/** Starts, stops and removes containers and shows the routes. Throws when a step has no effect. */
export async function runScenario(stack: EmbeddedStack): Promise<void> {
  step("Three apps are started, each with VIRTUAL_HOST");
  for (const { app, host } of demoApps) await runApp(stack, `${app}-1`, host);
  for (const { app, host } of demoApps) await showRouted(stack, host, [`${app}-1`]);

  const visitor = stack.nginx && new Visitor(stack.nginx.port, UNAFFECTED.host);
  step("demo-site is scaled to three");
  for (const name of ["demo-site-2", "demo-site-3"]) await runApp(stack, name, DEMO_HOST);
  await showRouted(stack, DEMO_HOST, ["demo-site-1", "demo-site-2", "demo-site-3"]);

  step("One of them is stopped, another is paused");
  await stack.engine.stop("demo-site-1");
  stack.engine.pause("demo-site-2");
  await showRouted(stack, DEMO_HOST, ["demo-site-3"]);

  step("A container starts whose VIRTUAL_HOST attacks nginx's configuration");
  say(`VIRTUAL_HOST=${HOSTILE_HOST}`);
  await runApp(stack, "hostile", HOSTILE_HOST);
  say(`The renderer quarantines it: ${await stack.diagnosis("hostile")}`);
  for (const { app, host } of demoApps.slice(1)) await showRouted(stack, host, [`${app}-1`]);

  step("The paused one is resumed, and github-proxy is removed");
  stack.engine.unpause("demo-site-2");
  await stack.engine.remove("github-proxy-1");
  await showRouted(stack, DEMO_HOST, ["demo-site-2", "demo-site-3"]);
  await showRouted(stack, demoApps[1].host, []);
  if (visitor) await reportRequests(visitor);
}

/** The app that runs unchanged all the time. */
const UNAFFECTED = demoApps[2];

async function reportRequests(visitor: Visitor): Promise<void> {
  const { requests, failures } = await visitor.end();
  if (failures.length > 0) throw new Error(`${failures.length} of ${requests} requests failed: ${failures[0]}`);
  say(`\nDuring all steps ${requests} requests were sent to ${UNAFFECTED.host}; none failed.`);
}

/** Starts and removes replicas until the signal, one change every few seconds. */
export async function continueScenario(stack: EmbeddedStack, pause: () => Promise<void>): Promise<void> {
  const { engine } = stack;
  await engine.remove("demo-site-1");
  for (let replica = 4; ; replica += 1) {
    await pause();
    step(`demo-site-${replica} is started`);
    await runApp(stack, `demo-site-${replica}`, DEMO_HOST);
    await showRouted(
      stack,
      DEMO_HOST,
      [replica - 2, replica - 1, replica].map((number) => `demo-site-${number}`),
    );
    await pause();
    step(`demo-site-${replica - 2} is stopped and removed`);
    await engine.stop(`demo-site-${replica - 2}`);
    await engine.remove(`demo-site-${replica - 2}`);
    await showRouted(stack, DEMO_HOST, [`demo-site-${replica - 1}`, `demo-site-${replica}`]);
  }
}

async function runApp(stack: EmbeddedStack, name: string, host: string): Promise<void> {
  await stack.engine.run({
    name,
    image: "sallyport-demo-app",
    networks: [NETWORK],
    env: { VIRTUAL_HOST: host },
    labels: composeLabels("demo"),
    expose: [stack.nextPort()],
  });
}
