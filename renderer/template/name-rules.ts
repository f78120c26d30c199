import { nearest } from "../../shared/nearest.ts";
import { CONTAINER_FIELDS } from "./container-view.ts";

/** Names that can exist at a place; undefined where a helper or partial may have made the value, so that any can. */
export type Scope = { readonly names: readonly string[]; readonly owner: string } | undefined;

export const ROOT_SCOPE: Scope = { names: ["containers"], owner: "a template" };
export const CONTAINER_SCOPE: Scope = { names: CONTAINER_FIELDS, owner: "a container" };

/** The scope inside of a block: fields of a container in `each containers`, unknown in every other loop. */
export function scopeOfBlock({ path, params }: hbs.AST.BlockStatement, scope: Scope): Scope {
  const name = path.original;
  if (name === "if" || name === "unless") return scope;
  const [param] = params as hbs.AST.PathExpression[];
  const isOfContainers = scope === ROOT_SCOPE && name === "each" && param?.original === "containers";
  return isOfContainers ? CONTAINER_SCOPE : undefined;
}

export function nameProblem(path: string, name: string, scope: Scope): string | undefined {
  if (!scope || scope.names.includes(name)) return undefined;
  const near = nearest(name, scope.names);
  const hint = near === undefined ? `it has ${scope.names.join(", ")}` : `did you mean ${near}?`;
  return `${path}: ${scope.owner} has no such field; ${hint}`;
}
