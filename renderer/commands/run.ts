import { readFileSync } from "node:fs";
import type { Log } from "../../shared/log.ts";
import type { Config, Target } from "../config.ts";
import { Subscription } from "../inventory/subscription.ts";
import { Reconciler } from "../publish/reconciler.ts";
import { Volume } from "../publish/volume.ts";
import { chooseControl, nameOf } from "../reload/choose.ts";
import { isProxy, type ProxyRule } from "../routes/reach.ts";
import { EXAMPLE_ROUTES } from "../routes/example.ts";
import { noteChange } from "../routes/journal.ts";
import { RouteTable } from "../routes/route-table.ts";
import { NO_ROUTES, type Routes, type VirtualHost } from "../routes/routes.ts";
import type { KnownChange } from "../inventory/known.ts";
import { Selection } from "../select/selection.ts";
import type { Report } from "../status/report.ts";
import { serveStatus, StatusSocketError } from "../status/socket.ts";
import { nginxPage } from "../template/nginx-page.ts";
import { compileTemplate, type Render, TemplateError } from "../template/template.ts";

/** Follows the agents and keeps every target, until the signal aborts. Gives problems that only a person can mend. */
export async function run(config: Config, signal: AbortSignal, log: Log): Promise<{ readonly problems: string[] }> {
  const compiled = config.targets.map((target) => ({ target, render: loadTemplate(target) }));
  const problems = compiled.flatMap(({ render }) => (typeof render === "string" ? [render] : []));
  if (problems.length > 0) return { problems };

  const subscriptions = config.agents.map(({ socket }) => new Subscription(socket, log, (change) => take(change)));
  const targets = compiled.map(({ target, render }) => new TargetLoop(target, render as NginxRender, config, log));
  const take = (change: KnownChange): void => {
    const isComplete = subscriptions.every((subscription) => subscription.isComplete);
    for (const target of targets) target.take(change, isComplete);
  };
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
export function loadTemplate({ template: file, listen }: Target): NginxRender | string {
  try {
    const render = compileTemplate<VirtualHost>(readFileSync(file, "utf8"), file);
    render(nginxPage(EXAMPLE_ROUTES, listen));
    return render;
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    return `${file}: ${(error as NodeJS.ErrnoException).code ?? "unknown"}, the template cannot be read`;
  }
}

type NginxRender = Render<VirtualHost>;

/** One target with what it publishes from. */
class TargetLoop {
  readonly reconciler: Reconciler;
  readonly #target: Target;
  readonly #selection: Selection | undefined;
  readonly #table: RouteTable;
  readonly #server: ReturnType<typeof chooseControl>;
  readonly #log: Log;
  /** Every agent has told all it knows. */
  #isComplete = false;
  #lastHold = "";

  constructor(target: Target, render: NginxRender, config: Config, log: Log) {
    this.#target = target;
    this.#log = log;
    const proxy = proxyRule(config.proxy);
    this.#selection = target.containers && selectionFor(target.containers, proxy);
    this.#table = new RouteTable({ proxy, onlyExposed: target.onlyExposed });
    this.#server = chooseControl(target);
    this.reconciler = new Reconciler({
      volume: new Volume(target.destination),
      server: this.#server,
      wait: target.wait,
      log,
      routes: () => (this.#isComplete ? this.#table.wanted : undefined),
      render: (routes) => render(nginxPage(routes, target.listen)),
    });
  }

  get routes(): Routes {
    return this.#table.routes;
  }

  start(signal: AbortSignal): void {
    const { destination, reload } = this.#target;
    this.#log("info", "target.following", { destination, reload: nameOf(reload) });
    signal.addEventListener(
      "abort",
      this.#server.onReady(() => this.reconciler.retryNow()),
      { once: true },
    );
  }

  /** Only what changes a route is worth a pass; and the first time that all is known. */
  take(change: KnownChange, isComplete: boolean): void {
    const changed = this.#table.apply(this.#selection?.apply(change) ?? change);
    noteChange(changed, this.#log);
    const hold = this.#table.hold ?? "";
    if (changed.hosts.length > 0 || isComplete !== this.#isComplete || hold !== this.#lastHold)
      this.reconciler.changed();
    this.#isComplete = isComplete;
    this.#lastHold = hold;
  }
}

/** Whatever the rule leaves out, nginx is seen: its networks are looked up by its container. */
function selectionFor(containers: NonNullable<Target["containers"]>, proxy: ProxyRule): Selection {
  const rule = { ...containers, onlyExposed: false, includeStopped: true };
  return new Selection(rule, (known) => proxy.kind !== "host" && isProxy(known, proxy));
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
