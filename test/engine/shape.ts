/** Returns the type at each path of a JSON value, such as number at `Ports[].PrivatePort`. Id keys are unified. */
export function shapeOf(value: unknown): ReadonlyMap<string, string> {
  const shape = new Map<string, string>();
  describe(value, "", shape);
  return shape;
}

/** Returns the paths of `part` that `whole` does not have or has with another type. */
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
