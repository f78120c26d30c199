import { readFileSync } from "node:fs";
import type { Log } from "../../shared/log.ts";
import type { Config, Target } from "../config.ts";
import { Subscription } from "../inventory/subscription.ts";
import { Reconciler } from "../publish/reconciler.ts";
import { Volume } from "../publish/volume.ts";
import { chooseControl, nameOf } from "../reload/choose.ts";
import { EXAMPLE_ROUTES } from "../routes/example.ts";
import { noteChange } from "../routes/journal.ts";
import { NO_ROUTES, type Published, type Routes, type VirtualHost } from "../routes/routes.ts";
import type { KnownChange } from "../inventory/known.ts";
import type { Report } from "../status/report.ts";
import { serveStatus, StatusSocketError } from "../status/socket.ts";
import { nginxPage } from "../template/nginx-page.ts";
import { compileTemplate, type Render, TemplateError } from "../template/template.ts";
import { withoutBlankLines } from "./blank-lines.ts";
import { TargetRoutes } from "./target-routes.ts";

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

/** The text of a target's file for these routes. Throws TemplateError. */
export function printTarget({ listen, keepBlankLines }: Target, render: NginxRender, routes: Published): Buffer {
  const text = render(nginxPage(routes, listen));
  return keepBlankLines ? text : withoutBlankLines(text);
}

/** One target with what it publishes from. */
class TargetLoop {
  readonly reconciler: Reconciler;
  readonly #target: Target;
  readonly #routes: TargetRoutes;
  readonly #server: ReturnType<typeof chooseControl>;
  readonly #log: Log;
  /** Every agent has told all it knows. */
  #isComplete = false;
  #lastHold = "";

  constructor(target: Target, render: NginxRender, config: Config, log: Log) {
    this.#target = target;
    this.#log = log;
    this.#routes = new TargetRoutes(target, config.proxy);
    this.#server = chooseControl(target);
    this.reconciler = new Reconciler({
      volume: new Volume(target.destination),
      server: this.#server,
      wait: target.wait,
      log,
      routes: () => (this.#isComplete ? this.#routes.table.wanted : undefined),
      render: (routes) => printTarget(target, render, routes),
    });
  }

  get routes(): Routes {
    return this.#routes.table.routes;
  }

  start(signal: AbortSignal): void {
    const { destination, reload, interval } = this.#target;
    this.#log("info", "target.following", { destination, reload: nameOf(reload) });
    if (interval !== undefined) {
      const timer = setInterval(() => this.reconciler.changed(), interval);
      signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    }
    signal.addEventListener(
      "abort",
      this.#server.onReady(() => this.reconciler.retryNow()),
      { once: true },
    );
  }

  /** Only what changes a route is worth a pass; and the first time that all is known. */
  take(change: KnownChange, isComplete: boolean): void {
    const changed = this.#routes.apply(change);
    noteChange(changed, this.#log);
    const hold = this.#routes.table.hold ?? "";
    if (changed.hosts.length > 0 || isComplete !== this.#isComplete || hold !== this.#lastHold)
      this.reconciler.changed();
    this.#isComplete = isComplete;
    this.#lastHold = hold;
  }
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
