import type { HostName } from "../routes/grammar.ts";
import { pathKey } from "../routes/path-match.ts";
import { isReserved } from "../routes/reserved-names.ts";
import type { Config } from "./schema.ts";
import { withStreamTargets } from "./stream-target.ts";

/** A problem with the value at a path of keys. */
export interface ConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Returns the values that are valid each and conflict with others. */
export function conflicts(config: Config): ConfigProblem[] {
  return [
    ...sharedDestination(config),
    ...sharedPort(config),
    ...unusableStreams(config),
    ...sharedServices(config),
    ...unusedReloadInterval(config),
    ...invalidTransactions(config),
  ];
}

function sharedDestination({ targets }: Config): ConfigProblem[] {
  const files = targets.flatMap((target, index) =>
    withStreamTargets([target]).map(({ destination }, at) => ({
      destination,
      path: ["targets", index, ...(at > 0 ? ["streams"] : []), "destination"],
    })),
  );
  const duplicate = files.find(
    (one, index) => files.findIndex(({ destination }) => destination === one.destination) < index,
  );
  if (!duplicate) return [];
  const message = `${JSON.stringify(duplicate.destination)} is also the destination of another target; choose another file`;
  return [{ path: duplicate.path, message }];
}

function sharedPort({ statusPage, targets }: Config): ConfigProblem[] {
  const ports = targets.flatMap((target) => (target.kind === "nginx" ? [target.listen, target.https?.listen] : []));
  const shared = ports.find((port) => port === statusPage?.listen);
  if (shared === undefined) return [];
  const message = `${shared} is also the port of virtual hosts; choose another port`;
  return [{ path: ["statusPage", "listen"], message }];
}

/** A service decides who has access. Where containers share hosts, any of them could become a replica of it. */
function sharedServices({ targets }: Config): ConfigProblem[] {
  return targets.flatMap((target, index) => {
    if (target.kind !== "nginx" || !target.routing.sharedHosts) return [];
    const { owners, routes } = target.routing;
    const isOwn = (host: HostName): boolean =>
      isReserved(host, owners) || routes.some((route) => route.host === host && pathKey(route.path) === "/");
    return Object.entries(target.nginx.auth).flatMap(([name, { host }]) => {
      if (isOwn(host)) return [];
      const message = `with \`sharedHosts\`, any container can serve ${host}; reserve the name by \`routing.owners\`, or add a static route`;
      return [{ path: ["targets", index, "nginx", "auth", name, "host"], message }];
    });
  });
}

/** nginx opens each port once. */
function unusableStreams({ statusPage, targets }: Config): ConfigProblem[] {
  return targets.flatMap((target, index) => {
    if (target.kind !== "nginx" || !target.streams) return [];
    const { listen, https, destination, streams } = target;
    const place = ["targets", index, "streams"];
    if (destination === "-") {
      const message = "standard output takes one file; remove it, or set `destination` of the target to a path";
      return [{ path: place, message }];
    }
    const used = new Map<string, string>([
      [`${listen}/tcp`, "the port of virtual hosts"],
      ...(https ? [[`${https.listen}/tcp`, "the port of virtual hosts"] as const] : []),
      ...(https?.http3 === true ? [[`${https.listen}/udp`, "the port of HTTP/3"] as const] : []),
      ...(statusPage ? [[`${statusPage.listen}/tcp`, "the port of the status page"] as const] : []),
    ]);
    const problems: ConfigProblem[] = [];
    const wanted = [
      ...streams.ports.map((port, at) => [port, ["ports", at]] as const),
      ...(streams.sni === undefined ? [] : [[`${streams.sni}/tcp`, ["sni"]] as const]),
    ];
    for (const [port, path] of wanted) {
      const other = used.get(port);
      const message = `${port} is also ${other}; choose another port`;
      if (other !== undefined) problems.push({ path: [...place, ...path], message });
      used.set(port, "another port of `streams`");
    }
    return problems;
  });
}

function unusedReloadInterval({ targets }: Config): ConfigProblem[] {
  return targets.flatMap(({ reload, reloadEvery, destination }, index) => {
    const isUnused = reloadEvery !== undefined && reload === "none" && destination !== "-";
    const message = "has no effect while `reload` is `none`; remove it, or set `reload`";
    return isUnused ? [{ path: ["targets", index, "reloadEvery"], message }] : [];
  });
}

/** A transaction name that only one target has is most likely misspelled there. */
function invalidTransactions({ targets }: Config): ConfigProblem[] {
  return targets.flatMap(({ transaction, destination }, index) => {
    if (transaction === undefined) return [];
    const path = ["targets", index, "transaction"];
    if (destination === "-") {
      const message = "standard output cannot be rolled back; remove `transaction` from targets with `destination: -`";
      return [{ path, message }];
    }
    if (targets.some((other, at) => at !== index && other.transaction === transaction)) return [];
    const message = `no other target has the transaction ${JSON.stringify(transaction)}; add it to another, or remove it`;
    return [{ path, message }];
  });
}
