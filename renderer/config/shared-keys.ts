import * as z from "zod";
import { command, Reload } from "./reload.ts";
import { absolutePath, period, wait } from "./values.ts";

const MODE = 'must be three octal digits in quotes, such as "0640"';
const OWNER = 'must be UID:GID in numbers and in quotes, such as "0:101"';

/** Keys of every target, whatever its kind. */
export const sharedKeys = {
  destination: z
    .union([absolutePath, z.literal("-")], "must be an absolute path, or `-` for standard output")
    .describe("File to write. It is replaced atomically. `-` prints each new version to standard output."),
  mode: z
    .string(MODE)
    .regex(/^0?[0-7]{3}$/, MODE)
    .transform((digits) => Number.parseInt(digits, 8))
    .optional()
    .describe('Permissions of the file in octal digits. Default: "0644".'),
  owner: z
    .string(OWNER)
    .regex(/^[0-9]{1,9}:[0-9]{1,9}$/, OWNER)
    .transform((text) => ({ uid: Number(text.split(":")[0]), gid: Number(text.split(":")[1]) }))
    .optional()
    .describe("Owner of the file as UID:GID. The renderer needs permission to change owners. Default: its own user."),
  stateDirectory: absolutePath
    .optional()
    .describe(
      "Directory of the candidate and the last good file. Default: `.sallyport` in the directory of the destination.",
    ),
  keepBlankLines: z.boolean().default(true).describe("Keep blank lines of the rendered text."),
  interval: period
    .optional()
    .describe("How often the file is checked. A file that another program changed is written again. Default: never."),
  reloadEvery: period
    .optional()
    .describe(
      "Reload at this interval even if the file has not changed, for programs whose entries expire. Default: never.",
    ),
  wait: wait
    .prefault("100ms:1s")
    .describe("MIN:MAX debounce. Rendering starts after MIN without a change, and after MAX at the latest."),
  check: command.optional().describe("Program that checks a candidate. `{candidate}` in an argument is its path."),
  onFailure: z
    .enum(["leaveOut", "keep"])
    .default("leaveOut")
    .describe(
      "If a container makes the file invalid: `leaveOut` quarantines that container, `keep` keeps the last good file.",
    ),
  transaction: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be a name of letters, digits, dots, dashes and underscores")
    .optional()
    .describe("Targets with the same transaction name are published together: all of their files, or none."),
  reload: Reload.describe(
    "How the server loads a new file, or a list of methods: docs/how-to/choose-a-reload-method.md.",
  ),
};
