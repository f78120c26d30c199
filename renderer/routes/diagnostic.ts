import { asciiJson } from "../../shared/log.ts";
import { type Container, MAX_CONTAINER_BYTES, MAX_PAIRS } from "../../shared/snapshot.ts";
import { MAX_VALUE_BYTES } from "../../shared/text.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";

/** Why a container is not routed, or not as it requests. Stable codes, for programs. */
export type DiagnosticCode =
  | "host.none"
  | "stream.none"
  | "host.refused"
  | "host.too-many"
  | "host.owned"
  | "host.conflict"
  | "path.refused"
  | "protocol.refused"
  | "protocol.conflict"
  | "multiports.refused"
  | "option.refused"
  | "option.unknown"
  | "option.conflict"
  | "access.closed"
  | "port.none"
  | "port.refused"
  | "port.guessed"
  | "port.unpublished"
  | "port.contested"
  | "replica.none"
  | "replica.mixed"
  | "value.refused"
  | "value.image"
  | "never.read"
  | "not.selected"
  | "check.rejected"
  | "reload.rejected"
  | "render.failed"
  | "state"
  | "stopping"
  | "agent.absent"
  | "health"
  | "network.none";

/** Longest quotation of a value, in characters. */
const MAX_QUOTED = 200;

/** The container that a diagnostic is about. */
export interface DiagnosticSubject {
  readonly id: string;
  readonly container: string;
  readonly dockerHost: string;
}

/** One message about one container. */
export interface Diagnostic extends DiagnosticSubject {
  readonly code: DiagnosticCode;
  /** `<what is wrong>; <what to do>`. May quote the container's own text, escaped to printable ASCII. */
  readonly reason: string;
  /** The reason without the quoted text; absent if nothing is quoted. */
  readonly redacted?: string;
  /** Host names, as the container writes them, that the container does not serve because of it. */
  readonly hosts?: readonly string[];
}

/** What is wrong with what (`where`: an option), and what to do. */
export interface Problem {
  readonly where?: string;
  readonly value?: string | undefined;
  /** The value may be used, but not here. */
  readonly isValid?: boolean;
  readonly problem: string;
  readonly hint?: string;
  readonly hosts?: readonly string[];
}

export function diagnostic(
  { id, container, dockerHost }: DiagnosticSubject,
  code: DiagnosticCode,
  { where, value, isValid = false, problem, hint, hosts = [] }: Problem,
): Diagnostic {
  const start = where === undefined ? "" : `${where}: `;
  const end = hint === undefined ? problem : `${problem}; ${hint}`;
  const message = { id, container, dockerHost, code, ...(hosts.length > 0 && { hosts }) };
  if (value === undefined) return { ...message, reason: start + end };
  return {
    ...message,
    reason: `${start}${isValid ? "" : "invalid "}value ${quote(value)}: ${end}`,
    redacted: start + end,
  };
}

export function subjectOf({ dockerHost, container: { id, name } }: InventoryContainer): DiagnosticSubject {
  return { id, container: name, dockerHost };
}

/** Why the agent withheld a value, by the contract's code. */
export const WITHHELD: Readonly<
  Record<Container["refused"][number]["reason"], Required<Pick<Problem, "problem" | "hint">>>
> = {
  "value.length": {
    problem: `the agent withheld the value because it is longer than ${MAX_VALUE_BYTES} bytes`,
    hint: "shorten it",
  },
  "value.charset": {
    problem: "the agent withheld the value because it contains control or invisible characters",
    hint: "remove them",
  },
  "value.secret": {
    problem: "the agent withheld the value because it looks like a password, a key or a token",
    hint: "remove the secret, or list the name in `force` of the agent's policy",
  },
  "name.unknown": {
    problem: "is not an option of Sallyport, so the agent withheld the value",
    hint: "correct the name, or list it in `labels` of the agent's policy",
  },
  "container.names": {
    problem: `the agent withheld the value because the container discloses more than ${MAX_PAIRS} names`,
    hint: "remove some, or disclose fewer of them",
  },
  "container.size": {
    problem: `the agent withheld the value because the container discloses more than ${MAX_CONTAINER_BYTES} bytes`,
    hint: "shorten its labels and variables, or disclose fewer of them",
  },
};

export function withheld(
  subject: DiagnosticSubject,
  code: DiagnosticCode,
  { name, reason }: Container["refused"][number],
): Diagnostic {
  return diagnostic(subject, code, { where: name, ...WITHHELD[reason] });
}

function quote(value: string): string {
  return asciiJson(value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}…` : value);
}
