import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A template of the image. */
export interface Shipped {
  /** Name of the rendered file. */
  readonly name: string;
  readonly template: string;
  /** Undefined for the nginx target. */
  readonly format: string | undefined;
}

const GALLERY = "renderer/templates/gallery";

/** Every template of the gallery, and nginx's. */
export const SHIPPED: readonly Shipped[] = [
  ...readdirSync(GALLERY).map((file) => ({
    name: file.replace(/\.hbs$/, ""),
    template: join(process.cwd(), GALLERY, file),
    format: /format: ([a-z]+)/.exec(readFileSync(join(GALLERY, file), "utf8"))![1]!,
  })),
  { name: "default.conf", template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"), format: undefined },
];

/** Configuration of a target with this template. */
export function targetFor({ template, format }: Shipped, destination: string): Readonly<Record<string, unknown>> {
  return { template, destination, reload: "none", ...(format !== undefined && { format }) };
}

/** Whether a rendered file mentions the container of this digit. */
export function mentions(text: string, digit: string): boolean {
  return [`app${digit}`, digit.repeat(12), `10.0.0.${digit.charCodeAt(0)}`].some((word) => text.includes(word));
}
