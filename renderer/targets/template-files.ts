import type { Target } from "../config/schema.ts";
import { templatesOf } from "../config/template-target.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { readText } from "../disk/read-text.ts";
import { BoundedRenderer } from "../template/bounded-renderer.ts";
import { containerView } from "../template/container-view.ts";
import type { FormatName } from "../template/formats/format-table.ts";
import type { Rendering, TemplateText } from "../template/general-template.ts";
import type { Reread } from "./nginx-template.ts";

/** The templates of a general target, as their files were when they were last found good. */
export class TemplateFiles {
  readonly #target: Target;
  #texts: readonly TemplateText[];
  #renderer: BoundedRenderer;
  #printing: Promise<unknown> = Promise.resolve();

  private constructor(target: Target, texts: readonly TemplateText[], renderer: BoundedRenderer) {
    this.#target = target;
    this.#texts = texts;
    this.#renderer = renderer;
  }

  /** Reads the files and prints them without containers, which must be possible; a problem is a sentence with the place. */
  static async load(target: Target): Promise<TemplateFiles | { readonly problem: string }> {
    const texts = readTemplates(target);
    if ("problem" in texts) return texts;
    const renderer = await startRenderer(texts, target);
    return "problem" in renderer ? renderer : new TemplateFiles(target, texts, renderer);
  }

  async print(known: readonly InventoryContainer[]): Promise<Rendering> {
    const printing = this.#renderer.render(known.map(containerView));
    this.#printing = printing;
    return await printing;
  }

  /** Takes over what somebody wrote into the files since, if it can be used. */
  async reread(): Promise<Reread> {
    const texts = readTemplates(this.#target);
    if ("problem" in texts) return { kind: "refused", ...texts };
    if (texts.every(({ text }, index) => text === this.#texts[index]?.text)) return { kind: "same" };
    const renderer = await startRenderer(texts, this.#target);
    if ("problem" in renderer) return { kind: "refused", ...renderer };
    const before = this.#renderer;
    this.#texts = texts;
    this.#renderer = renderer;
    await this.#printing;
    await before.close();
    return { kind: "changed" };
  }

  async close(): Promise<void> {
    await this.#renderer.close();
  }
}

function readTemplates(target: Target): readonly TemplateText[] | { readonly problem: string } {
  const texts: TemplateText[] = [];
  for (const file of templatesOf(target)) {
    const found = readText(file);
    if ("problem" in found) return found;
    texts.push({ file, text: found.text });
  }
  return texts;
}

async function startRenderer(
  templates: readonly TemplateText[],
  { format, includes }: Target,
): Promise<BoundedRenderer | { readonly problem: string }> {
  const renderer = await BoundedRenderer.start({ templates, format: format as FormatName, includes });
  if ("problem" in renderer) return renderer;
  const made = await renderer.render([]);
  if (made.kind === "text") return renderer;
  await renderer.close();
  return { problem: `without any container: ${made.kind === "failed" ? made.message : made.kind}` };
}
