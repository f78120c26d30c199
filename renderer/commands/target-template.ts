import { readFileSync } from "node:fs";
import type { Target } from "../config.ts";
import { EXAMPLE_ROUTES } from "../routes/example.ts";
import { type CertificateSet, NO_CERTIFICATES } from "../certificates/directory.ts";
import { EXAMPLE_CERTIFICATES } from "../certificates/example.ts";
import type { Published, VirtualHost } from "../routes/routes.ts";
import { nginxPage, type NginxSettings } from "../template/nginx-page.ts";
import { compileTemplate, type Render, TemplateError } from "../template/template.ts";
import { withoutBlankLines } from "./blank-lines.ts";

/** What became of looking at the file again. `refused`: the template as it was read before stays in use. */
export type Reread = { readonly kind: "same" | "changed" } | { readonly kind: "refused"; readonly problem: string };

/** A target's template, as its file was when it was last found good. */
export class TargetTemplate {
  readonly #target: Target;
  #text: string;
  #render: Render<VirtualHost>;
  #settings: NginxSettings;

  private constructor(target: Target, text: string, render: Render<VirtualHost>) {
    this.#target = target;
    this.#settings = settingsOf(target, NO_CERTIFICATES);
    this.#text = text;
    this.#render = render;
  }

  /** Reads the file and prints an example with it; a problem is a sentence with the place. */
  static load(target: Target): TargetTemplate | { readonly problem: string } {
    const text = readTemplate(target.template);
    if (typeof text !== "string") return text;
    const render = compile(text, target);
    return "problem" in render ? render : new TargetTemplate(target, text, render);
  }

  /** The text of the target's file for these routes. Throws TemplateError. */
  print(routes: Published): Buffer {
    const text = this.#render(nginxPage(routes, this.#settings));
    return this.#target.keepBlankLines ? text : withoutBlankLines(text);
  }

  /** From now on these are the certificates. */
  use(certificates: CertificateSet): void {
    this.#settings = settingsOf(this.#target, certificates);
  }

  /** Takes over what somebody wrote into the file since, if it can be used. */
  reread(): Reread {
    const text = readTemplate(this.#target.template);
    if (typeof text !== "string") return { kind: "refused", ...text };
    if (text === this.#text) return { kind: "same" };
    const render = compile(text, this.#target);
    if ("problem" in render) return { kind: "refused", ...render };
    this.#text = text;
    this.#render = render;
    return { kind: "changed" };
  }
}

function readTemplate(file: string): string | { readonly problem: string } {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    return { problem: `${file}: ${(error as NodeJS.ErrnoException).code ?? "unknown"}, the template cannot be read` };
  }
}

function settingsOf({ listen, https }: Target, certificates: CertificateSet): NginxSettings {
  if (!https) return { listen };
  const directory = https.certificatesInNginx ?? https.certificates;
  return { listen, https: { ...https, directory, certificates } };
}

/** An example of every kind of host must be printable, with TLS and without. */
function compile(text: string, target: Target): Render<VirtualHost> | { readonly problem: string } {
  try {
    const render = compileTemplate<VirtualHost>(text, target.template);
    render(nginxPage(EXAMPLE_ROUTES, settingsOf(target, EXAMPLE_CERTIFICATES)));
    return render;
  } catch (error) {
    if (error instanceof TemplateError) return { problem: error.message };
    throw error;
  }
}
