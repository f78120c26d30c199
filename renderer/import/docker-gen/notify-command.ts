import { differs, type Note, quoted, skipped } from "../note.ts";
import type { Generation } from "./generation.ts";

/** The reload method `exec`. */
export interface ExecRule {
  readonly exec: { readonly command: readonly string[]; readonly logOutput?: true };
}

/** Imports docker-gen's command. There is no rule without a command, or if the command calls Docker. */
export function importCommand({ notifyCommand, notifyOutput }: Generation): {
  readonly rule?: ExecRule;
  readonly notes: readonly Note[];
} {
  if (notifyCommand === "") return { notes: [] };
  if (callsDocker(notifyCommand)) {
    return { notes: [skipped(`${quoted(notifyCommand)} needs Docker, which the renderer cannot access`, "reload")] };
  }
  const isPlain = /^ *[A-Za-z0-9_@%+:,./-]+( +[A-Za-z0-9_@%+=:,./-]+)* *$/.test(notifyCommand);
  const command = isPlain ? notifyCommand.trim().split(/ +/) : ["/bin/sh", "-c", notifyCommand];
  const how = isPlain ? "without a shell" : "by a shell, which the renderer's image does not have";
  return {
    rule: { exec: { command, ...(notifyOutput ? { logOutput: true } : {}) } },
    notes: [differs(`the command is run ${how}, and killed after 10s; docker-gen has no timeout`, "reload")],
  };
}

export function callsDocker(command: string): boolean {
  return /\bdocker\b/.test(command);
}
