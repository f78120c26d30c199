import { readdir, readFile } from "node:fs/promises";

/** A process of this PID namespace. `startTicks` distinguishes processes that had the same PID. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly startTicks: string;
  readonly title: string;
}

export async function readProcess(pid: number): Promise<Process | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const title = await readFile(`/proc/${pid}/cmdline`, "latin1");
    // The name is in parentheses and may contain any character; only numbers follow the last one.
    const open = stat.indexOf("(");
    const close = stat.lastIndexOf(")");
    const fields = stat.slice(close + 2).split(" ");
    const name = stat.slice(open + 1, close);
    return {
      pid,
      parent: Number(fields[1]),
      name,
      startTicks: fields[19] ?? "",
      title: title.replaceAll("\0", " ").trim(),
    };
  } catch {
    return undefined;
  }
}

export async function listProcesses(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(readProcess));
  return found.filter((one) => one !== undefined);
}

/** Returns the children of a process. Without the kernel's list of them, all processes are searched. */
export async function listChildren(parent: number): Promise<Process[]> {
  const pids = await readFile(`/proc/${parent}/task/${parent}/children`, "latin1").catch(() => undefined);
  if (pids === undefined) return (await listProcesses()).filter((one) => one.parent === parent);
  const found = await Promise.all((pids.match(/[0-9]+/g) ?? []).map((pid) => readProcess(Number(pid))));
  return found.filter((one) => one !== undefined);
}
