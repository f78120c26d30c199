/** The type at each path of a JSON value: `Ports[].PrivatePort` is a number. Ids as keys are all one. */
export function shapeOf(value: unknown): ReadonlyMap<string, string> {
  const shape = new Map<string, string>();
  describe(value, "", shape);
  return shape;
}

/** What `part` has and `whole` has not, or has with another type. */
export function surplus(part: unknown, whole: unknown): string[] {
  const known = shapeOf(whole);
  return [...shapeOf(part)]
    .filter(([path, type]) => known.get(path) !== type)
    .map(([path, type]) => `${path}: ${type} instead of ${known.get(path) ?? "nothing"}`);
}

function describe(value: unknown, path: string, shape: Map<string, string>): void {
  const type = typeOf(value);
  shape.set(path, type);
  if (Array.isArray(value)) {
    for (const element of value) describe(element, `${path}[]`, shape);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) describe(inner, `${path}.${keyName(key)}`, shape);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function keyName(key: string): string {
  return /^[0-9a-f]{64}$/.test(key) ? "<id>" : key;
}
