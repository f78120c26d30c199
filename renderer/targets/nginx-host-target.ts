import type { TargetState } from "../publish/target-progress.ts";
import type { Blocked, VirtualHost } from "../routes/routes.ts";
import { parseStreamName } from "../routes/stream-name.ts";
import type { TargetStatus } from "../status/build-report.ts";
import { NginxTarget } from "./nginx-target.ts";
import type { Rendered, Target, UnitDescription } from "./target.ts";

/** An nginx target by itself: a virtual host that nginx rejects is quarantined alone. */
export class NginxHostTarget extends NginxTarget implements Target<VirtualHost> {
  units(): readonly VirtualHost[] | Blocked | undefined {
    const { wanted } = this;
    // The route table changes its list in place.
    return wanted?.kind === "routes" ? [...wanted.virtualHosts] : wanted;
  }

  async render(virtualHosts: readonly VirtualHost[]): Promise<Rendered<VirtualHost>> {
    return await this.print(virtualHosts);
  }

  published(virtualHosts: readonly VirtualHost[]): void {
    this.acme?.published(virtualHosts, this.routes.table.routes.owners);
  }

  readonly keyOf = ({ host }: VirtualHost): string => host;

  describe(virtualHost: VirtualHost): UnitDescription {
    const { host, paths } = virtualHost;
    const ports = this.#portsOf(virtualHost);
    const portHint = ports.length > 0 ? `check whether port ${ports.join(" or ")} is already in use` : undefined;
    const hint = this.nameHint(host) ?? portHint;
    return {
      name: host,
      id: "",
      dockerHost: "",
      containers: [...new Set(paths.flatMap(({ servers }) => servers.map(({ container }) => container)))],
      ...(hint !== undefined && { hint }),
    };
  }

  /** nginx's check does not open ports. */
  isSuspect(virtualHost: VirtualHost): boolean {
    return this.#portsOf(virtualHost).length > 0;
  }

  #portsOf({ host, options: { httpPort, httpsPort } }: VirtualHost): (string | number)[] {
    const { protocol, name } = parseStreamName(host) ?? {};
    const port = protocol === "tls" ? this.config.streams?.sni : name;
    return [port, httpPort, httpsPort].filter((one) => one !== undefined);
  }

  override status(state: TargetState, quarantined: ReadonlySet<VirtualHost> = new Set()): TargetStatus {
    const { routes } = this.routes.table;
    const virtualHosts = routes.virtualHosts.filter((host) => !quarantined.has(host));
    return { ...super.status(state), routes: { ...routes, virtualHosts } };
  }
}
