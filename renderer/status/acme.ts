import type { Progress } from "../acme/progress.ts";
import type { WantedCertificates } from "../nginx/certificates/wanted.ts";
import { utc } from "./format.ts";
import type { Report } from "./report.ts";

/** What is requested from the ACME client, and what it has done. */
export interface AcmeState extends WantedCertificates {
  readonly progress: readonly Progress[];
  /** Why the list of wanted certificates or the progress is outdated: `<where>: <what is wrong>; <what to do>`. */
  readonly problem?: string;
}

type Requested = Report["requestedCertificates"][number];

/** Reports each requested certificate. The progress is text of another program. */
export function requestedCertificates({ certificates, refused, progress, problem }: AcmeState): Requested[] {
  const byFile = new Map(progress.map((one) => [one.file, one]));
  return [
    ...(problem === undefined ? [] : [{ name: "ACME", hosts: [], state: "failed" as const, error: problem }]),
    ...certificates.map(({ file, names }): Requested => {
      const known = byFile.get(file);
      // The client may not have read the latest list.
      if (!known || known.names.toSorted().join() !== names.toSorted().join()) {
        return { name: file, hosts: [...names], state: "pending", ...(!known && { error: UNANSWERED }) };
      }
      const { state, error, attemptedAt, nextAt, expiresAt } = known;
      return {
        name: file,
        hosts: [...names],
        state,
        ...(state === "foreign" ? { error: FOREIGN } : error !== undefined && { error }),
        ...(attemptedAt !== undefined && { attemptedAt }),
        ...(state !== "issued" && nextAt !== undefined && { nextAt }),
        ...(expiresAt !== undefined && { expires: new Date(expiresAt).toISOString().slice(0, 10) }),
      };
    }),
    ...refused.map(({ name, reason }): Requested => ({ name, hosts: [name], state: "refused", error: reason })),
  ];
}

const UNANSWERED = "the ACME client has not read the list; start it";
const FOREIGN = "files of this name are not from the ACME client, which keeps them; remove them to get a certificate";

/** Describes the state of a requested certificate in one line. */
export function requestedState({ state, error, nextAt }: Requested): string {
  const why = error === undefined ? "" : `: ${error}`;
  const next = nextAt === undefined ? "" : `; next attempt at ${utc(nextAt)}`;
  return `${STATES[state]}${why}${next}`;
}

const STATES: Readonly<Record<Requested["state"], string>> = {
  pending: "pending",
  issued: "issued",
  failed: "failed",
  foreign: "your own",
  refused: "not requested",
};
