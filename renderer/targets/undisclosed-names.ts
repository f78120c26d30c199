import { counted } from "../status/format.ts";
import type { TemplateTargetConfig } from "../config/template-target.ts";
import { templatesOf } from "../config/template-target.ts";
import { readText } from "../disk/read-text.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { isDisclosedByDefault, type NameRead, namesRead } from "../template/disclosed-names.ts";

/** Names the labels and variables of a target's templates that the default policy withholds, and what to do. */
export function namesBeyondDefault(target: TemplateTargetConfig): string[] {
  const names = readNames(target).filter(({ from, name }) => !isDisclosedByDefault(from, name));
  if (names.length === 0) return [];
  const list = (from: NameRead["from"]): string[] => {
    const own = names.filter((one) => one.from === from).map(({ name }) => JSON.stringify(name));
    return own.length === 0 ? [] : [`\`${from}\`: ${own.join(", ")}`];
  };
  const [first] = templatesOf(target);
  return [
    `${first}: reads names that the default policy withholds; list them in the agent's policy: ${["labels", "env"].flatMap((from) => list(from as NameRead["from"])).join("; ")}`,
  ];
}

/** Names the labels and variables of a target's templates that no container discloses although some names are withheld. */
export function undisclosedNames(target: TemplateTargetConfig, known: readonly InventoryContainer[]): string[] {
  return readNames(target).flatMap(({ from, name, place }) => {
    if (known.some(({ container }) => Object.hasOwn(container[from], name))) return [];
    const count = known.filter(({ container }) => container.withheld[from] > 0).length;
    if (count === 0) return [];
    const what = from === "labels" ? "label" : "variable";
    return [
      `${place}: no container discloses the ${what} ${JSON.stringify(name)}, and the agent withholds ${from === "labels" ? "labels" : "variables"} of ${counted(count, "container")}; list it in \`${from}\` of the agent's policy if containers have it`,
    ];
  });
}

/** Templates with errors have none: they are reported elsewhere. */
function readNames(target: TemplateTargetConfig): NameRead[] {
  const texts = templatesOf(target).flatMap((file) => {
    const found = readText(file);
    return "text" in found ? [{ file, text: found.text }] : [];
  });
  try {
    return namesRead(texts);
  } catch {
    return [];
  }
}
