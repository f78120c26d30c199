import type { HostName } from "../../routes/grammar.ts";
import type { HostOptions } from "../../routes/options.ts";
import { type AppliedFile, findFile, nameForFiles } from "../files.ts";
import { ABSENT, applied, type Guard, unusable } from "../guard.ts";
import { certificateOf } from "./choose.ts";
import type { CertificateSet } from "./directory.ts";

/** The files by which nginx verifies the certificates of clients. */
export interface ClientFiles {
  readonly authority: AppliedFile;
  readonly revoked: AppliedFile | undefined;
}

/**
 * Returns the files for a host: its own authority or else the one for all hosts, with its revocation list. A list without
 * an authority, or one of several, cannot be applied.
 */
export function clientFilesOf(
  host: string,
  { verifyClient }: HostOptions,
  set: CertificateSet | undefined,
): Guard<ClientFiles> {
  if (verifyClient === "off") return ABSENT;
  const name = nameForFiles(host);
  const find = (file: string): Guard<AppliedFile> => findFile(set?.clients, [file]);
  const own = find(`${name}.ca.crt`);
  const authority = own.kind === "absent" ? find("ca.crt") : own;
  const names = new Set([`${name}.crl.pem`, `${name}.ca.crl.pem`, ...(own.kind === "absent" ? ["ca.crl.pem"] : [])]);
  const lists = [...names].map(find).filter(({ kind }) => kind !== "absent");
  const [list, another] = lists;
  const problem = [authority, ...lists].find(({ kind }) => kind === "unusable");
  if (problem?.kind === "unusable") return problem;
  const where = list?.kind === "applied" ? `${set!.clients!.directory}/${list.value.name}` : "verify-client";
  if (authority.kind !== "applied") {
    if (!list && verifyClient !== "on") return ABSENT;
    const hint = `create ${name}.ca.crt in the directory of certificates, or remove the ${list ? "file" : "option"}`;
    return unusable(where, "clients must present a certificate, but no authority is configured", hint);
  }
  if (another) {
    const hint = "put all lists of the host into one file";
    return unusable(where, "the host has several revocation lists, of which nginx reads one", hint);
  }
  return applied({ authority: authority.value, revoked: list?.kind === "applied" ? list.value : undefined });
}

/**
 * Returns the options with which clients are verified: where they must present a certificate, a container cannot have the
 * host served by plain HTTP. `options` include the operator's defaults.
 */
export function withVerifiedClients(host: string, options: HostOptions, set: CertificateSet | undefined): HostOptions {
  const isPlain = options.httpsMethod === "noredirect" || options.httpsMethod === "nohttps";
  return isPlain && requiresClientCertificate(host, options, set) ? { ...options, httpsMethod: "redirect" } : options;
}

/** Returns why the host cannot be served although clients must present a certificate, or that it can. */
export function tlsForClients(host: HostName, options: HostOptions, set: CertificateSet | undefined): Guard<undefined> {
  if (!requiresClientCertificate(host, options, set) || (set && certificateOf({ host, options }, set))) return ABSENT;
  const named =
    options.certificate === undefined ? "the host has no certificate" : `CERT_NAME is ${options.certificate}`;
  const problem = `clients must present a certificate, but ${named}, so TLS cannot be served`;
  return unusable(host, problem, "add a certificate for the host");
}

function requiresClientCertificate(host: string, options: HostOptions, set: CertificateSet | undefined): boolean {
  const files = clientFilesOf(host, options, set);
  return files.kind === "applied" && (options.verifyClient ?? "on") === "on";
}
