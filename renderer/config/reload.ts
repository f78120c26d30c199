import * as z from "zod";
import { absolutePath, duration } from "./values.ts";

/** Signals that make a server read its configuration again or reopen its files. None of them stops it. */
const SIGNALS = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/** A program of the operator. */
export const command = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe("The program and its arguments, one entry each. They are not passed to a shell."),
  timeout: duration.prefault("10s").describe("The program is killed after this time."),
});

const signalName = z.enum(SIGNALS).default("SIGHUP").describe("Signal to send.");

const methods = [
  z.strictObject({ channel: absolutePath.describe("Directory with the FIFO that nginx's container listens on.") }),
  z.strictObject({
    exec: command
      .extend({
        logOutput: z.boolean().default(false).describe("Also log the program's output if it succeeds."),
      })
      .describe("Program that reloads the server. Exit code 0 means that the server has loaded the file."),
  }),
  z.strictObject({
    signal: z
      .union(
        [
          z.strictObject({
            process: z.string().min(1).max(15).describe("Name of the server's process, as `ps` shows it."),
            signal: signalName,
          }),
          z.strictObject({
            pidFile: absolutePath.describe("File with the server's process ID."),
            signal: signalName,
          }),
        ],
        "needs `process` or `pidFile`, and may have `signal` (SIGHUP, SIGUSR1 or SIGUSR2)",
      )
      .describe("Signal to a process in the renderer's PID namespace."),
  }),
] as const;

const METHODS = "one of `channel`, `exec` and `signal`";
const method = z.union(methods, `must have ${METHODS}`);

export const Reload = z.union(
  [z.literal("none"), ...methods, z.array(method).min(1)],
  `must be \`none\`, have ${METHODS}, or be a list of such`,
);
export type ReloadRule = z.infer<typeof Reload>;
