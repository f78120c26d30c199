import Handlebars from "handlebars";
import { bare } from "./model.ts";
import type { Page } from "./template.ts";

/** Prints the block of `eachHost`: a host's text is made once and used as long as the host is the same object. */
export class HostTexts<Host extends object> {
  readonly #texts = new WeakMap<Host, string>();
  #page: Page<Host> | undefined;

  /** Renders while `eachHost` prints the hosts of this page. */
  during(page: Page<Host>, run: () => string): string {
    this.#page = page;
    try {
      return run();
    } finally {
      this.#page = undefined;
    }
  }

  /** What the helper returns: the block's text for every host, one after the other. */
  print({ fn }: Handlebars.HelperOptions): Handlebars.SafeString {
    const { hosts, modelOf } = this.#page!;
    const texts = hosts.map((host) => {
      const known = this.#texts.get(host);
      if (known !== undefined) return known;
      const text = fn(bare(modelOf(host)));
      this.#texts.set(host, text);
      return text;
    });
    return new Handlebars.SafeString(texts.join(""));
  }
}
