import * as z from "zod";
import { command } from "./reload.ts";
import { absolutePath, portNumber } from "./values.ts";

const PORT = 'must be a port such as 5432, or a port with its protocol such as "53/udp"';

/** `5432`, `"5432/tcp"` or `"53/udp"`, as `5432/tcp` or `53/udp`. */
const streamPort = z.union(
  [
    portNumber.transform((port) => `${port}/tcp`),
    z
      .string()
      .regex(/^[1-9][0-9]{0,4}(?:\/(?:tcp|udp))?$/, PORT)
      .refine((text) => Number.parseInt(text, 10) <= 65_535, PORT)
      .transform((text) => (text.includes("/") ? text : `${text}/tcp`)),
  ],
  PORT,
);

/** Ports that containers may use for other protocols than HTTP. */
export const Streams = z.strictObject({
  ports: z
    .array(streamPort)
    .default([])
    .describe('Ports of nginx that containers may request by `sallyport.tcp` and `sallyport.udp`: 5432, or "53/udp".'),
  sni: portNumber
    .optional()
    .describe(
      "Port of nginx for `sallyport.sni`: TLS connections are forwarded by their server name, without decryption.",
    ),
  template: absolutePath
    .optional()
    .describe("Handlebars template. Default: `stream.conf.hbs` in the directory of the target's `template`."),
  destination: absolutePath
    .optional()
    .describe("File to write. Default: the target's `destination` with the ending `.stream` in place of `.conf`."),
  check: command.optional().describe("Program that checks a candidate of this file, as the target's `check`."),
});
