import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerControl, ControlResult } from "../publish/server-control.ts";
import type { Command } from "./command.ts";
import { checkBy } from "./exec.ts";
import { listChildren, listProcesses, type Process, readProcess } from "./process-list.ts";

/** Milliseconds for new workers to appear after the signal. */
const CONFIRM_MS = 10_000;
const POLL_MS = 50;

/** Milliseconds between two checks for a server that was not running. */
const AWAIT_MS = 2_000;

/** The process to signal. It is looked up each time, because a restarted server has another PID. */
export type SignalRule = { readonly signal: "SIGHUP" | "SIGUSR1" | "SIGUSR2" } & (
  | { readonly process: string }
  | { readonly pidFile: string }
);

/**
 * Reloads by a signal in a shared PID namespace. The renderer must run as nginx's user, so both are one trust zone. After
 * SIGHUP, the reload is confirmed by new worker processes.
 */
export class ReloadSignal implements ServerControl {
  readonly #rule: SignalRule;
  readonly #check: Command | undefined;

  constructor(rule: SignalRule, check: Command | undefined) {
    this.#rule = rule;
    this.#check = check;
  }

  /** Also fails if the server is not running, so that no file is swapped for a server that cannot load it. */
  async check(candidate: string): Promise<ControlResult> {
    const master = await findMaster(this.#rule);
    return "kind" in master ? master : await checkBy(this.#check, candidate);
  }

  async reload(): Promise<ControlResult> {
    const master = await findMaster(this.#rule);
    if ("kind" in master) return master;
    const before = this.#rule.signal === "SIGHUP" ? await firstWorkers(master) : new Set<string>();
    try {
      process.kill(master.pid, this.#rule.signal);
    } catch (error) {
      return unavailable(master, (error as NodeJS.ErrnoException).code ?? "unknown");
    }
    if (before.size === 0) return { kind: "ok" };
    return await this.#confirm(master, before);
  }

  onReady(callback: (state: "ready") => void): () => void {
    let last = "";
    const timer = setInterval(() => {
      void findMaster(this.#rule).then(
        (found) => {
          const seen = "kind" in found ? "" : `${found.pid} ${found.startTicks}`;
          if (seen !== "" && seen !== last) callback("ready");
          last = seen;
        },
        () => undefined,
      );
    }, AWAIT_MS).unref();
    return () => clearInterval(timer);
  }

  async #confirm(master: Process, before: ReadonlySet<string>): Promise<ControlResult> {
    for (const until = performance.now() + CONFIRM_MS; performance.now() < until; await sleep(POLL_MS)) {
      const now = await workersOf(master);
      if (now.size > 0 && ![...now].some((worker) => before.has(worker))) return { kind: "ok" };
      if (!(await isAlive(master))) return { kind: "unavailable", message: "the server exited during the reload" };
    }
    return { kind: "rejected", message: "the server kept its old workers; see its log for the reason" };
  }
}

async function findMaster(rule: SignalRule): Promise<Process | Exclude<ControlResult, { kind: "ok" }>> {
  if ("pidFile" in rule) {
    const text = await readFile(rule.pidFile, "latin1").catch(() => "");
    const found = /^[1-9][0-9]{0,9}\s*$/.test(text) ? await readProcess(Number(text)) : undefined;
    return (
      found ?? { kind: "unavailable", message: `${rule.pidFile} does not name a running process; start the server` }
    );
  }
  const named = (await listProcesses()).filter(({ name, pid }) => name === rule.process && pid !== process.pid);
  const masters = named.filter(({ parent }) => !named.some(({ pid }) => pid === parent));
  const [master] = masters;
  if (!master)
    return {
      kind: "unavailable",
      message: `no process is called ${rule.process}; run the renderer in the server's PID namespace`,
    };
  if (masters.length === 1) return master;
  return { kind: "unavailable", message: `${masters.length} processes are called ${rule.process}; use pidFile` };
}

/** Workers that accept connections, with their start times, because PIDs are reused. */
async function workersOf(master: Process): Promise<Set<string>> {
  const accepting = (await listChildren(master.pid)).filter(
    ({ title }) => title.includes("worker process") && !title.includes("shutting down"),
  );
  return new Set(accepting.map(({ pid, startTicks }) => `${pid} ${startTicks}`));
}

/**
 * Returns the workers before a reload, none for a server that has none. An nginx that starts may have read its files before
 * they changed, and its first workers would look like new ones.
 */
async function firstWorkers(master: Process): Promise<Set<string>> {
  for (const until = performance.now() + CONFIRM_MS; ; await sleep(POLL_MS)) {
    const workers = await workersOf(master);
    const isOver = master.name !== "nginx" || performance.now() >= until || !(await isAlive(master));
    if (workers.size > 0 || isOver) return workers;
  }
}

async function isAlive({ pid, startTicks }: Process): Promise<boolean> {
  return (await readProcess(pid))?.startTicks === startTicks;
}

function unavailable({ pid }: Process, errno: string): ControlResult {
  const hint = errno === "EPERM" ? "; run the renderer as the server's user" : "";
  return { kind: "unavailable", message: `cannot signal process ${pid}: ${errno}${hint}` };
}
