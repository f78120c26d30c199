import type { TemplateTargetConfig } from "../config/template-target.ts";
import { templatesOf } from "../config/template-target.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { readText } from "../disk/read-text.ts";
import { BoundedRenderer } from "../template/bounded-renderer.ts";
import { containerViewOn } from "../template/container-view.ts";
import type { Rendering } from "../template/container-template.ts";
import type { TemplateText } from "../template/read-template.ts";
import type { Reread } from "./nginx-template.ts";

/** The last good version of a template target's templates. */
export class TemplateFiles {
  readonly #target: TemplateTargetConfig;
  #texts: readonly TemplateText[];
  #renderer: BoundedRenderer;
  #isClosed = false;
  #printing: Promise<unknown> = Promise.resolve();

  private constructor(target: TemplateTargetConfig, texts: readonly TemplateText[], renderer: BoundedRenderer) {
    this.#target = target;
    this.#texts = texts;
    this.#renderer = renderer;
  }

  /** Reads the templates and renders them without containers, which must succeed. A problem has file and line. */
  static async load(target: TemplateTargetConfig): Promise<TemplateFiles | { readonly problem: string }> {
    const texts = readTemplates(target);
    if ("problem" in texts) return texts;
    const renderer = await startRenderer(texts, target);
    return "problem" in renderer ? renderer : new TemplateFiles(target, texts, renderer);
  }

  /** Messages about values that some container may choose so that they cannot be printed. */
  get hints(): readonly string[] {
    return this.#renderer.hints;
  }

  async print(known: readonly InventoryContainer[]): Promise<Rendering> {
    const printing = this.#renderer.render(known.map(containerViewOn(this.#target.network)));
    this.#printing = printing;
    return await printing;
  }

  /** Reads the templates again and uses them if they are valid. */
  async reread(): Promise<Reread> {
    const texts = readTemplates(this.#target);
    if ("problem" in texts) return { kind: "rejected", ...texts };
    if (texts.every(({ text }, index) => text === this.#texts[index]?.text)) return { kind: "same" };
    const renderer = await startRenderer(texts, this.#target);
    if ("problem" in renderer) return { kind: "rejected", ...renderer };
    if (this.#isClosed) {
      await renderer.close();
      return { kind: "same" };
    }
    const before = this.#renderer;
    this.#texts = texts;
    this.#renderer = renderer;
    await this.#printing;
    await before.close();
    return { kind: "changed" };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#renderer.close();
  }
}

function readTemplates(target: TemplateTargetConfig): readonly TemplateText[] | { readonly problem: string } {
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
  { format, includes }: TemplateTargetConfig,
): Promise<BoundedRenderer | { readonly problem: string }> {
  const renderer = await BoundedRenderer.start({ templates, format, includes });
  if ("problem" in renderer) return renderer;
  const made = await renderer.render([]);
  if (made.kind === "text") return renderer;
  await renderer.close();
  return { problem: `without any container: ${made.kind === "failed" ? made.message : made.kind}` };
}
