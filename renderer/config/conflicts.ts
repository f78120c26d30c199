import { pathKey } from "../routes/path-match.ts";
import { isReserved } from "../routes/reserved-names.ts";
import type { NginxTargetConfig } from "./nginx-target.ts";
import type { Config } from "./schema.ts";
import { withStreamTargets } from "./stream-target.ts";

export interface ConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Yields the values that are valid each and conflict with others. */
export function* conflicts(config: Config): Generator<ConfigProblem> {
  yield* sharedDestination(config);
  const { statusPage, targets } = config;
  const ports = targets.flatMap((target) => (target.kind === "nginx" ? [target.listen, target.https?.listen] : []));
  if (statusPage && ports.includes(statusPage.listen)) {
    const message = `${statusPage.listen} is also the port of virtual hosts; choose another port`;
    yield { path: ["statusPage", "listen"], message };
  }
  for (const [index, target] of targets.entries()) {
    const { reload, reloadEvery, transaction } = target;
    const path = (...keys: readonly (string | number)[]) => ["targets", index, ...keys];
    const isPrinted = target.destination === "-";
    if (target.kind === "nginx") {
      if (target.streams && isPrinted) {
        const message = "standard output takes one file; remove it, or set `destination` of the target to a path";
        yield { path: path("streams"), message };
      }
      const found = [...(isPrinted ? [] : sharedPorts(target, statusPage)), ...sharedServices(target)];
      yield* found.map((problem) => ({ ...problem, path: path(...problem.path) }));
    }
    if (reloadEvery !== undefined && reload === "none" && !isPrinted) {
      const message = "has no effect while `reload` is `none`; remove it, or set `reload`";
      yield { path: path("reloadEvery"), message };
    }
    if (transaction === undefined) continue;
    // A name that only one target has is most likely misspelled there.
    const isShared = targets.some((other, at) => at !== index && other.transaction === transaction);
    const message = isPrinted
      ? "standard output cannot be rolled back; remove `transaction` from targets with `destination: -`"
      : `no other target has the transaction ${JSON.stringify(transaction)}; add it to another, or remove it`;
    if (isPrinted || !isShared) yield { path: path("transaction"), message };
  }
}

function* sharedDestination({ targets }: Config): Generator<ConfigProblem> {
  const files = targets.flatMap((target, index) =>
    withStreamTargets([target]).map(({ destination }, at) => ({
      destination,
      path: ["targets", index, ...(at > 0 ? ["streams"] : []), "destination"],
    })),
  );
  const duplicate = files.find(
    (one, index) => files.findIndex(({ destination }) => destination === one.destination) < index,
  );
  if (!duplicate) return;
  const { destination, path } = duplicate;
  const message = `${JSON.stringify(destination)} is also the destination of another target; choose another file`;
  yield { path, message };
}

/** A service decides who has access. Where containers share hosts, any of them could become a replica of it. */
function* sharedServices({
  routing: { owners, routes, sharedHosts },
  nginx,
}: NginxTargetConfig): Generator<ConfigProblem> {
  if (!sharedHosts) return;
  for (const [name, { host }] of Object.entries(nginx.auth)) {
    if (isReserved(host, owners)) continue;
    if (routes.some((route) => route.host === host && pathKey(route.path) === "/")) continue;
    const message = `with \`sharedHosts\`, any container can serve ${host}; reserve the name by \`routing.owners\`, or add a static route`;
    yield { path: ["nginx", "auth", name, "host"], message };
  }
}

/** nginx opens each port once. */
function* sharedPorts(
  { listen, https, streams }: NginxTargetConfig,
  page: Config["statusPage"],
): Generator<ConfigProblem> {
  const used = new Map<string, string>([
    [`${listen}/tcp`, "the port of virtual hosts"],
    ...(https ? [[`${https.listen}/tcp`, "the port of virtual hosts"] as const] : []),
    ...(https?.http3 === true ? [[`${https.listen}/udp`, "the port of HTTP/3"] as const] : []),
    ...(page ? [[`${page.listen}/tcp`, "the port of the status page"] as const] : []),
  ]);
  const wanted = [
    ...(streams?.ports ?? []).map((port, at) => [port, ["ports", at]] as const),
    ...(streams?.sni === undefined ? [] : [[`${streams.sni}/tcp`, ["sni"]] as const]),
  ];
  for (const [port, path] of wanted) {
    const other = used.get(port);
    const message = `${port} is also ${other}; choose another port`;
    if (other !== undefined) yield { path: ["streams", ...path], message };
    used.set(port, "another port of `streams`");
  }
}
