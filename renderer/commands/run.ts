import { readFileSync } from "node:fs";
import type { Log } from "../../shared/log.ts";
import type { Config, Target } from "../config.ts";
import { Subscription } from "../inventory/subscription.ts";
import { Reconciler } from "../publish/reconciler.ts";
import { Volume } from "../publish/volume.ts";
import { chooseControl, nameOf } from "../reload/choose.ts";
import type { ProxyRule } from "../routes/reach.ts";
import { EXAMPLE_ROUTES } from "../routes/example.ts";
import { RouteJournal } from "../routes/journal.ts";
import { buildRoutes, type Hold, NO_ROUTES, type Routes } from "../routes/routes.ts";
import type { Report } from "../status/report.ts";
import { serveStatus, StatusSocketError } from "../status/socket.ts";
import { nginxModel } from "../template/nginx-model.ts";
import { compileTemplate, type Render, TemplateError } from "../template/template.ts";

/** Follows the agents and keeps every target, until the signal aborts. Gives problems that only a person can mend. */
export async function run(config: Config, signal: AbortSignal, log: Log): Promise<{ readonly problems: string[] }> {
  const compiled = config.targets.map((target) => ({ target, render: loadTemplate(target) }));
  const problems = compiled.flatMap(({ render }) => (typeof render === "string" ? [render] : []));
  if (problems.length > 0) return { problems };

  const subscriptions = config.agents.map(({ socket }) => new Subscription(socket, log, () => changed()));
  const targets = compiled.map(
    ({ target, render }) => new TargetLoop(target, render as Render, config, subscriptions, log),
  );
  const changed = (): void => targets.forEach((target) => target.reconciler.changed());
  const status = await startStatus(config.statusSocket, () => reportOf(subscriptions, targets));
  if (typeof status === "string") return { problems: [status] };
  for (const { reconciler } of targets) await reconciler.prepare();
  for (const target of targets) target.start(signal);
  await Promise.all(subscriptions.map(async (subscription) => await subscription.run(signal)));
  await Promise.all(targets.map(async ({ reconciler }) => await reconciler.stop()));
  status.close();
  return { problems: [] };
}

async function startStatus(path: string, report: () => Report): Promise<{ close: () => void } | string> {
  try {
    return await serveStatus(path, report);
  } catch (error) {
    if (error instanceof StatusSocketError) return `statusSocket: ${error.message}`;
    throw error;
  }
}

/** The target's template, which has printed an example, or why it cannot be used. */
export function loadTemplate({ template: file, listen }: Target): Render | string {
  try {
    const render = compileTemplate(readFileSync(file, "utf8"), file);
    render(nginxModel(EXAMPLE_ROUTES, listen));
    return render;
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    return `${file}: ${(error as NodeJS.ErrnoException).code ?? "unknown"}, the template cannot be read`;
  }
}

/** One target with what it publishes from. */
class TargetLoop {
  readonly reconciler: Reconciler;
  readonly #target: Target;
  readonly #config: Config;
  readonly #subscriptions: readonly Subscription[];
  readonly #journal: RouteJournal;
  readonly #server: ReturnType<typeof chooseControl>;
  readonly #log: Log;
  routes: Routes = NO_ROUTES;

  constructor(target: Target, render: Render, config: Config, subscriptions: readonly Subscription[], log: Log) {
    this.#target = target;
    this.#config = config;
    this.#subscriptions = subscriptions;
    this.#log = log;
    this.#journal = new RouteJournal(log);
    this.#server = chooseControl(target);
    this.reconciler = new Reconciler({
      volume: new Volume(target.destination),
      server: this.#server,
      wait: target.wait,
      log,
      routes: () => this.#look(),
      render: (routes) => render(nginxModel(routes, target.listen)),
    });
  }

  start(signal: AbortSignal): void {
    const { destination, reload } = this.#target;
    this.#log("info", "target.following", { destination, reload: nameOf(reload) });
    signal.addEventListener(
      "abort",
      this.#server.onReady(() => this.reconciler.retryNow()),
      { once: true },
    );
    this.reconciler.changed();
  }

  /** The routes now, and a note of what became different. Undefined until every agent has told all it knows. */
  #look(): Routes | Hold | undefined {
    if (!this.#subscriptions.every(({ isComplete }) => isComplete)) return undefined;
    const known = this.#subscriptions.flatMap((subscription) => subscription.known);
    const rules = { proxy: proxyRule(this.#config.proxy), onlyExposed: this.#target.onlyExposed };
    const routes = buildRoutes(known, rules);
    if (routes.kind === "hold") return routes;
    this.routes = routes;
    this.#journal.note(routes);
    return routes;
  }
}

function proxyRule(proxy: Config["proxy"]): ProxyRule {
  if (proxy === "host") return { kind: "host" };
  if ("container" in proxy) return { kind: "container", name: proxy.container };
  const equals = proxy.label.indexOf("=");
  if (equals < 0) return { kind: "label", name: proxy.label };
  return { kind: "label", name: proxy.label.slice(0, equals), value: proxy.label.slice(equals + 1) };
}

function reportOf(subscriptions: readonly Subscription[], targets: readonly TargetLoop[]): Report {
  const routes = targets[0]?.routes ?? NO_ROUTES;
  return {
    pid: process.pid,
    targets: targets.map(({ reconciler }) => reconciler.state),
    agents: subscriptions.map(({ state }) => state),
    virtualHosts: routes.virtualHosts.map(({ host, paths }) => ({
      host,
      servers: paths.flatMap(({ servers }) => servers.map(({ address, port }) => `${address}:${port}`)),
    })),
    unrouted: [...routes.unrouted],
    quarantined: [...routes.quarantined],
  };
}
