import { readFileSync } from "node:fs";
import type { Target } from "../config.ts";
import { EXAMPLE_ROUTES } from "../routes/example.ts";
import type { Published, VirtualHost } from "../routes/routes.ts";
import { nginxPage } from "../template/nginx-page.ts";
import { compileTemplate, type Render, TemplateError } from "../template/template.ts";
import { withoutBlankLines } from "./blank-lines.ts";

/** What became of looking at the file again. `refused`: the template as it was read before stays in use. */
export type Reread = { readonly kind: "same" | "changed" } | { readonly kind: "refused"; readonly problem: string };

/** A target's template, as its file was when it was last found good. */
export class TargetTemplate {
  readonly #target: Target;
  #text: string;
  #render: Render<VirtualHost>;

  private constructor(target: Target, text: string, render: Render<VirtualHost>) {
    this.#target = target;
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
    const { listen, keepBlankLines } = this.#target;
    const text = this.#render(nginxPage(routes, listen));
    return keepBlankLines ? text : withoutBlankLines(text);
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

function compile(text: string, { template, listen }: Target): Render<VirtualHost> | { readonly problem: string } {
  try {
    const render = compileTemplate<VirtualHost>(text, template);
    render(nginxPage(EXAMPLE_ROUTES, listen));
    return render;
  } catch (error) {
    if (error instanceof TemplateError) return { problem: error.message };
    throw error;
  }
}
