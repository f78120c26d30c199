import type { Config } from "./schema.ts";

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
    ...unusedReloadInterval(config),
    ...invalidTransactions(config),
  ];
}

function sharedDestination({ targets }: Config): ConfigProblem[] {
  const destinations = targets.map(({ destination }) => destination);
  const duplicate = destinations.findIndex((path, index) => destinations.indexOf(path) !== index);
  if (duplicate < 0) return [];
  const message = `${JSON.stringify(destinations[duplicate])} is also the destination of another target; choose another file`;
  return [{ path: ["targets", duplicate, "destination"], message }];
}

function sharedPort({ statusPage, targets }: Config): ConfigProblem[] {
  const ports = targets.flatMap((target) => (target.kind === "nginx" ? [target.listen, target.https?.listen] : []));
  const shared = ports.find((port) => port === statusPage?.listen);
  if (shared === undefined) return [];
  const message = `${shared} is also the port of virtual hosts; choose another port`;
  return [{ path: ["statusPage", "listen"], message }];
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
