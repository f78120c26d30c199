import type { Config } from "./schema.ts";
import type { Misplaced } from "./template-target.ts";

/** What is good by itself and does not go with something else: it would write one file twice, or show the page to all. */
export function conflicts(config: Config): Misplaced[] {
  return [...sameFile(config), ...sharedPort(config), ...oddTransactions(config)];
}

function sameFile({ targets }: Config): Misplaced[] {
  const destinations = targets.map(({ destination }) => destination);
  const twice = destinations.findIndex((name, index) => destinations.indexOf(name) !== index);
  if (twice < 0) return [];
  const message = `${destinations[twice]} is the file of another target, too: give each its own`;
  return [{ path: ["targets", twice, "destination"], message }];
}

function sharedPort({ statusPage, targets }: Config): Misplaced[] {
  const ports = targets.flatMap(({ format, listen, https }) => (format === undefined ? [listen, https?.listen] : []));
  const shared = ports.find((port) => port === statusPage?.listen);
  if (shared === undefined) return [];
  return [{ path: ["statusPage", "listen"], message: `${shared} is where hosts are served: choose another port` }];
}

/** A name that stands at one target only is most likely misspelt there; and not every target can be part of one. */
function oddTransactions({ targets }: Config): Misplaced[] {
  return targets.flatMap(({ transaction, destination }, index) => {
    const at = ["targets", index, "transaction"];
    if (transaction !== undefined && destination === "-")
      return [{ path: at, message: "what was printed cannot be taken back: leave it out where the destination is -" }];
    const others = targets.filter((other, at) => at !== index && other.transaction === transaction);
    if (transaction === undefined || others.length > 0) return [];
    const message = `no other target has the transaction ${transaction}: give it to another, too, or leave it out`;
    return [{ path: at, message }];
  });
}
