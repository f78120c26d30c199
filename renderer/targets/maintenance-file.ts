import { basename, join } from "node:path";
import * as z from "zod";
import type { Log } from "../../shared/log.ts";
import type { NginxTargetConfig } from "../config/nginx-target.ts";
import { CacheFile } from "../inventory/cache-file.ts";
import { ownDirectory } from "../publish/volume.ts";
import { type HostName, parseHost } from "../routes/grammar.ts";

/** Hosts that may be under maintenance at the same time. */
const MAX_HOSTS = 10_000;

const Content = z.strictObject({ hosts: z.array(z.string().max(255)).max(MAX_HOSTS) });

/** The host names that the operator has put under maintenance, and the file that keeps them across restarts. */
export class MaintenanceFile {
  #hosts: ReadonlySet<HostName>;
  readonly #file: CacheFile<z.infer<typeof Content>> | undefined;

  /** A target without a file has no directory for this one either. A damaged file is logged, and counts as empty. */
  constructor({ destination, stateDirectory }: NginxTargetConfig, log: Log) {
    const path = join(ownDirectory(destination, stateDirectory), `${basename(destination)}.maintenance.json`);
    this.#file = destination === "-" ? undefined : new CacheFile(path, Content, 0, log);
    const found = this.#file?.read();
    if (found?.kind === "damaged") log("error", "maintenance.lost", { path, error: found.reason });
    const names = found?.kind === "value" ? found.value.hosts : [];
    this.#hosts = new Set(
      names.flatMap((name) => {
        const parsed = parseHost(name, true);
        return parsed.kind === "ok" ? [parsed.value] : [];
      }),
    );
  }

  get hosts(): ReadonlySet<HostName> {
    return this.#hosts;
  }

  /** Returns whether anything changed. A host beyond the bound is not added. */
  set(host: HostName, isOn: boolean): boolean {
    if (this.#hosts.has(host) === isOn || (isOn && this.#hosts.size >= MAX_HOSTS)) return false;
    const others = [...this.#hosts].filter((one) => one !== host);
    this.#hosts = new Set(isOn ? [...others, host] : others);
    this.#file?.changed(() => ({ hosts: [...this.#hosts] }));
    return true;
  }

  async flush(): Promise<void> {
    await this.#file?.flush();
  }
}
