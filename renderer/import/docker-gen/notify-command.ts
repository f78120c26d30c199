import type { Generation } from "./generation.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";

/** A command that is run for each new file, in our words. */
export interface ExecRule {
  readonly exec: { readonly command: readonly string[]; readonly logOutput?: true };
}

/** docker-gen's command; without a rule where there is none, or where Docker would be needed for it. */
export function importCommand({ notifyCommand, notifyOutput }: Generation): {
  readonly rule?: ExecRule;
  readonly notes: readonly Note[];
} {
  if (notifyCommand === "") return { notes: [] };
  if (callsDocker(notifyCommand)) {
    return { notes: [leftOut(`${quoted(notifyCommand)} needs Docker, which the renderer has not`, "reload")] };
  }
  const how = isPlain(notifyCommand) ? "without a shell" : "by a shell, which the renderer's image has not";
  return {
    rule: { exec: { command: wordsOf(notifyCommand), ...(notifyOutput ? { logOutput: true } : {}) } },
    notes: [differs(`the command is run ${how}, and killed after 10s; docker-gen had no limit`, "reload")],
  };
}

export function callsDocker(command: string): boolean {
  return /\bdocker\b/.test(command);
}

function wordsOf(command: string): string[] {
  return isPlain(command) ? command.trim().split(/ +/) : ["/bin/sh", "-c", command];
}

/** Words that a shell would only split. */
function isPlain(command: string): boolean {
  return /^ *[A-Za-z0-9_@%+:,./-]+( +[A-Za-z0-9_@%+=:,./-]+)* *$/.test(command);
}
