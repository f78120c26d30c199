import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A template that the image has. */
export interface Shipped {
  /** Of the file that it prints. */
  readonly name: string;
  readonly template: string;
  /** Undefined for nginx's routes. */
  readonly format: string | undefined;
}

const GALLERY = "renderer/templates/gallery";

/** Every template of the gallery, and that of nginx's routes. */
export const SHIPPED: readonly Shipped[] = [
  ...readdirSync(GALLERY).map((file) => ({
    name: file.replace(/\.hbs$/, ""),
    template: join(process.cwd(), GALLERY, file),
    format: /format: ([a-z]+)/.exec(readFileSync(join(GALLERY, file), "utf8"))![1]!,
  })),
  { name: "default.conf", template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"), format: undefined },
];

/** The target that keeps a file with it. */
export function targetFor({ template, format }: Shipped, destination: string): Readonly<Record<string, unknown>> {
  return { template, destination, reload: "none", ...(format !== undefined && { format }) };
}

/** Whether a file tells of the container of this digit, by what any of these templates prints of it. */
export function tellsOf(text: string, digit: string): boolean {
  return [`app${digit}`, digit.repeat(12), `10.0.0.${digit.charCodeAt(0)}`].some((word) => text.includes(word));
}
