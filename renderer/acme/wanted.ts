import * as z from "zod";
import { readRegular } from "../disk/read-regular.ts";

/** Name of the file in which the renderer lists the wanted certificates. */
export const WANTED_FILE = "wanted.json";

/** Most certificates of the file. Further ones are refused by name, so that a flood of names is not a flood of orders. */
export const MAX_WANTED = 5_000;

/** Most names of one certificate: the limit of Let's Encrypt. */
export const MAX_NAMES = 100;

/** Longest name that fits into the subject of a certificate, where clients put the first name. */
export const MAX_COMMON_NAME = 64;

const MAX_BYTES = 16 * 1024 * 1024;

/** A DNS name in lower-case A-labels, or a wildcard for one label. Nothing in it has a meaning for a shell. */
const DnsName = z
  .string()
  .max(253)
  .regex(/^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);

export const Wanted = z.strictObject({
  /** Name of the certificate's files without ending. Unique. */
  file: DnsName.refine((name) => !name.startsWith("*")),
  names: z
    .array(DnsName)
    .min(1)
    .max(MAX_NAMES)
    .refine((names) => (names[0]?.length ?? 0) <= MAX_COMMON_NAME),
  /** Project or container that the names belong to: orders are distributed over owners. */
  owner: z.string().max(600),
  email: z
    .string()
    .max(254)
    .regex(/^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$/)
    .optional(),
  /** Use the test service of Let's Encrypt. */
  test: z.boolean().optional(),
  /** Directory of the authority. */
  authority: z
    .string()
    .max(150)
    .regex(/^https:\/\/[A-Za-z0-9.:-]+\/[A-Za-z0-9._~/-]*$/)
    .optional(),
});
export type Wanted = z.infer<typeof Wanted>;

const WantedFile = z.strictObject({
  version: z.literal(1),
  certificates: z
    .array(Wanted)
    .max(MAX_WANTED)
    .refine((all) => new Set(all.map(({ file }) => file)).size === all.length, "two certificates have the same file"),
});

/** Returns the file's content. */
export function printWanted(certificates: readonly Wanted[]): Buffer {
  return Buffer.from(`${JSON.stringify(WantedFile.parse({ version: 1, certificates }), undefined, 1)}\n`);
}

/** Reads the file. `missing`: the renderer has not written it yet, which is not the same as nothing wanted. */
export function readWanted(path: string): readonly Wanted[] | "missing" | { readonly problem: string } {
  try {
    return WantedFile.parse(JSON.parse(readRegular(path, MAX_BYTES).toString("utf8"))).certificates;
  } catch (error) {
    if (error instanceof z.ZodError) {
      const [issue] = error.issues;
      return { problem: `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "invalid"}` };
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "missing";
    return { problem: code === undefined ? "is not valid JSON" : `cannot be read (${code})` };
  }
}
