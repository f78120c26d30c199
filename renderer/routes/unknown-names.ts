import { nearest } from "../../shared/nearest.ts";
import { MAX_PAIRS } from "../../shared/snapshot.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { Problem } from "./diagnostic.ts";
import { CLOSED, namesOf, type OptionFault, type OptionNames, UNTIL_THEN } from "./option.ts";

const LABELS = "sallyport.";
const NGINX_PROXY_LABELS = "com.github.nginx-proxy.nginx-proxy.";

/** Labels that are not options of a route: those of nginx's container, and of nginx-proxy's other programs. */
const OTHER_LABELS = [`${LABELS}proxy`, `${NGINX_PROXY_LABELS}nginx`, `${NGINX_PROXY_LABELS}docker-gen`];

/** Words in the name of a label that was meant to restrict access. */
const RESTRICTING =
  /access|allow|auth|block|client.?cert|deny|forbid|guard|internal|login|passw|private|protect|restrict|secur|verify|whitelist/i;

/** Returns whether a name was meant to restrict access. */
export function isRestrictingName(name: string): boolean {
  return RESTRICTING.test(name);
}

const HINT = "correct or remove the label, or list it in `labels` of the agent's policy";

/** Names of labels and variables that are no option. */
export interface UnknownNames {
  /** Those that were most likely meant to restrict access. */
  readonly faults: readonly OptionFault[];
  /** Names that are most likely misspelled, and the label of the option that was meant. */
  readonly misspelled: readonly (Problem & { readonly meant?: string | undefined })[];
}

/** Finds names that are no option among the disclosed ones and those that the agent withheld. */
export class UnknownNameFinder {
  readonly #known: ReadonlySet<string>;
  readonly #restricting: ReadonlySet<string>;
  /** Options by the names of their variables and labels, without case and punctuation. */
  readonly #options: ReadonlyMap<string, OptionNames & { readonly restricts?: unknown }>;

  constructor(rules: readonly (OptionNames & { readonly restricts?: unknown })[]) {
    this.#known = new Set([...rules.flatMap((rule) => namesOf(rule, "label")), ...OTHER_LABELS]);
    this.#restricting = new Set(rules.flatMap((rule) => (rule.restricts ? namesOf(rule, "label") : [])));
    this.#options = new Map(
      rules.flatMap((rule) => [...namesOf(rule, "env"), ...namesOf(rule, "label")].map((name) => [plain(name), rule])),
    );
  }

  find({ container: { labels, refused } }: InventoryContainer): UnknownNames {
    const withheldLabels = refused.filter(({ from }) => from === "label");
    const faults: OptionFault[] = [];
    const misplaced = refused.flatMap((one) => this.#misplaced(one) ?? []);
    const misspelled: UnknownNames["misspelled"][number][] = misplaced.flatMap(({ restricts, ...problem }) =>
      restricts ? [] : [problem],
    );
    for (const { restricts, hint, ...problem } of misplaced)
      if (restricts) faults.push({ ...problem, hint: `${hint}; ${UNTIL_THEN}` });
    for (const where of [...Object.keys(labels), ...withheldLabels.map(({ name }) => name)]) {
      const prefix = [LABELS, NGINX_PROXY_LABELS].find((one) => where.startsWith(one));
      if (prefix === undefined || this.#known.has(where)) continue;
      const meant = this.#nearest(where, prefix);
      const problem = `is not an option${meant === undefined ? "" : `, but ${meant} is`}`;
      const isGuard =
        (meant !== undefined && this.#restricting.has(meant)) || RESTRICTING.test(where.slice(prefix.length));
      if (isGuard) faults.push({ where, problem, hint: CLOSED });
      else if (meant !== undefined || !Object.hasOwn(labels, where))
        misspelled.push({ where, problem, hint: HINT, meant: meant?.slice(prefix.length) });
    }
    if (withheldLabels.length >= MAX_PAIRS) {
      const problem = `the agent withheld ${MAX_PAIRS} labels, and possibly others that restrict access`;
      faults.push({ where: "labels", problem, hint: CLOSED });
    }
    return { faults, misspelled };
  }

  /** Returns the problem of a variable whose name is misspelled, or of one that was set as a label. */
  #misplaced({
    from,
    name: where,
    reason,
  }: InventoryContainer["container"]["refused"][number]):
    | (OptionFault & { readonly meant: string; readonly restricts: boolean })
    | undefined {
    const meant = this.#options.get(plain(where)) ?? this.#options.get(plain(where).replace(/S$/, ""));
    if (reason !== "name.unknown" || !meant || (from === "label" && where.startsWith(LABELS))) return undefined;
    const label = `the label \`${LABELS}${meant.label}\` under \`labels\``;
    const [isVariable = ""] = namesOf(meant, "env");
    const hint = isVariable === "" ? `set ${label}` : `set ${isVariable} under \`environment\`, or ${label}`;
    const problem = `is not ${from === "env" ? "a variable" : "a label"} of Sallyport`;
    return { where, problem, hint, meant: meant.label, restricts: meant.restricts !== undefined };
  }

  /** Compares names without case and punctuation. */
  #nearest(name: string, prefix: string): string | undefined {
    const own = (one: string): string => plain(one.slice(prefix.length));
    const candidates = [...this.#known].filter((one) => one.startsWith(prefix));
    const near = nearest(own(name), candidates.map(own));
    return candidates.find((one) => own(one) === near);
  }
}

function plain(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
}
