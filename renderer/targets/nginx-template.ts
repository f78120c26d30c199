import type { NginxTargetConfig } from "../config/nginx-target.ts";
import type { Config } from "../config/schema.ts";
import { templatesOf } from "../config/template-target.ts";
import { EXAMPLE_ROUTES, EXAMPLE_STREAMS } from "../routes/example.ts";
import { type CertificateSet, NO_CERTIFICATES } from "../nginx/certificates/directory.ts";
import { EXAMPLE_CERTIFICATES, EXAMPLE_FILES } from "../nginx/example.ts";
import type { Published, VirtualHost } from "../routes/routes.ts";
import { nginxPage } from "../nginx/page.ts";
import { streamPage } from "../nginx/stream-page.ts";
import type { FileSettings, NginxSettings } from "../nginx/settings.ts";
import { readText } from "../disk/read-text.ts";
import { compileTemplate, type Render } from "../template/template.ts";
import { TemplateError } from "../template/template-error.ts";
import { withoutBlankLines } from "./blank-lines.ts";

type StatusPage = Config["statusPage"];

/** Result of reading templates again. `rejected`: the last good templates stay in use. */
export type Reread = { readonly kind: "same" | "changed" } | { readonly kind: "rejected"; readonly problem: string };

/** Files that operators provide for nginx, and the hosts that they put under maintenance. */
export interface OperatorFiles {
  readonly certificates: CertificateSet;
  readonly files: FileSettings;
  readonly maintenance: ReadonlySet<string>;
}

/** The last good version of an nginx target's template. */
export class NginxTemplate {
  readonly #target: NginxTargetConfig;
  readonly #statusPage: StatusPage;
  #text: string;
  #render: Render<VirtualHost>;
  #certificates = NO_CERTIFICATES;
  #files: FileSettings = {};
  #maintenance: ReadonlySet<string> = new Set();
  #version: string | undefined;
  #settings: NginxSettings;

  private constructor(target: NginxTargetConfig, statusPage: StatusPage, text: string, render: Render<VirtualHost>) {
    this.#target = target;
    this.#statusPage = statusPage;
    this.#settings = settingsOf(target, NO_CERTIFICATES, {}, statusPage);
    this.#text = text;
    this.#render = render;
  }

  /**
   * Reads the template and renders an example with it. A problem has file and line. The first target's nginx serves the
   * status page.
   */
  static load(
    target: NginxTargetConfig,
    { statusPage, targets }: Config,
  ): NginxTemplate | { readonly problem: string } {
    const text = readTemplate(fileOf(target));
    if (typeof text !== "string") return text;
    const own = target === targets[0] ? statusPage : undefined;
    const render = compile(text, target, own);
    return "problem" in render ? render : new NginxTemplate(target, own, text, render);
  }

  /** The settings that the template renders, with certificates and operator files. */
  get settings(): NginxSettings {
    return this.#settings;
  }

  /** Renders the target's file for these routes. Throws TemplateError. */
  print(routes: Published): Buffer {
    const text = this.#render(pageOf(this.#target)(routes, this.#settings));
    return this.#target.keepBlankLines ? text : withoutBlankLines(text);
  }

  /** Sets the certificates, the operator's files, and the hosts under maintenance. */
  use({
    certificates = this.#certificates,
    files = this.#files,
    maintenance = this.#maintenance,
  }: Partial<OperatorFiles>): void {
    this.#certificates = certificates;
    this.#files = files;
    this.#maintenance = maintenance;
    const settings = { ...settingsOf(this.#target, certificates, files, this.#statusPage), maintenance };
    this.#settings = this.#version === undefined ? settings : { ...settings, version: this.#version };
  }

  /** Sets the version that nginx reports. Returns whether it differs from the one that is known. */
  useVersion(version: string): boolean {
    if (version === this.#settings.version) return false;
    this.#version = version;
    this.use({});
    return true;
  }

  /** Reads the template again and uses it if it is valid. */
  reread(): Reread {
    const text = readTemplate(fileOf(this.#target));
    if (typeof text !== "string") return { kind: "rejected", ...text };
    if (text === this.#text) return { kind: "same" };
    const render = compile(text, this.#target, this.#statusPage);
    if ("problem" in render) return { kind: "rejected", ...render };
    this.#text = text;
    this.#render = render;
    return { kind: "changed" };
  }
}

function pageOf({ context }: NginxTargetConfig): typeof nginxPage {
  return context === "stream" ? streamPage : nginxPage;
}

function fileOf(target: NginxTargetConfig): string {
  return templatesOf(target)[0] ?? "";
}

function readTemplate(file: string): string | { readonly problem: string } {
  const found = readText(file);
  return "text" in found ? found.text : found;
}

function settingsOf(
  { listen, https, nginx, streams }: NginxTargetConfig,
  certificates: CertificateSet,
  files: FileSettings,
  statusPage: StatusPage,
): NginxSettings {
  const { defaults, pathDefaults, auth, upstreamTls, ...rest } = nginx;
  return {
    ...rest,
    auth: byName(auth),
    upstreamTls: byName(upstreamTls),
    listen,
    statusPage,
    streams,
    files,
    defaults: { host: defaults, path: pathDefaults },
    ...(https && {
      https: {
        ...https,
        directory: https.certificatesInNginx ?? https.certificates,
        certificates,
        // Hosts that do not serve HTTP are validated over HTTP, too.
        challengesForUnknown: https.challengesForUnknown || https.acme?.dns === false,
      },
    }),
  };
}

/** A template must render an example of every kind of host, with and without TLS. */
function compile(
  text: string,
  target: NginxTargetConfig,
  statusPage: StatusPage,
): Render<VirtualHost> | { readonly problem: string } {
  try {
    const render = compileTemplate<VirtualHost>(text, fileOf(target));
    const routes = target.context === "stream" ? EXAMPLE_STREAMS : EXAMPLE_ROUTES;
    render(pageOf(target)(routes, settingsOf(target, EXAMPLE_CERTIFICATES, EXAMPLE_FILES, statusPage)));
    return render;
  } catch (error) {
    if (error instanceof TemplateError) return { problem: error.message };
    throw error;
  }
}

/** A record without inherited keys: containers choose the name, and `constructor` must not find anything. */
function byName<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null) as Record<string, T>, record);
}
