import type { Known } from "../inventory/known.ts";
import { diagnostic, type Diagnostic } from "./diagnostic.ts";

const METHODS = ["redirect", "noredirect", "nohttp", "nohttps"] as const;

/** What a host does with plain HTTP and with TLS once it has a certificate. */
export type HttpsMethod = (typeof METHODS)[number];

/** What containers say about TLS for their hosts; undefined where they say nothing. */
export interface HttpsWish {
  readonly method?: HttpsMethod;
  /** Name of the certificate's files, without their ending. */
  readonly certificate?: string;
}

/** Reads HTTPS_METHOD and CERT_NAME. A value that is neither known nor a plain name is dropped with a remark. */
export function readHttpsWish(known: Known): { readonly wish: HttpsWish; readonly remarks: readonly Diagnostic[] } {
  const { HTTPS_METHOD: rawMethod = "", CERT_NAME: rawName = "" } = known.container.env;
  const method = METHODS.find((word) => word === rawMethod.trim());
  const name = rawName.trim();
  const isName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/.test(name);
  const remarks: Diagnostic[] = [];
  if (rawMethod.trim() !== "" && !method) {
    const detail = `HTTPS_METHOD: not one of ${METHODS.join(", ")}, so redirect is used`;
    remarks.push(diagnostic(known, "https.refused", detail, rawMethod));
  }
  if (name !== "" && !isName) {
    remarks.push(diagnostic(known, "certificate.refused", "CERT_NAME: not the name of a file", rawName));
  }
  return { wish: { ...(method && { method }), ...(isName && { certificate: name }) }, remarks };
}

/** Of several containers behind one host the first that says something decides; give them oldest first. */
export function joinWishes(wishes: readonly HttpsWish[]): HttpsWish {
  const method = wishes.find((wish) => wish.method !== undefined)?.method;
  const certificate = wishes.find((wish) => wish.certificate !== undefined)?.certificate;
  return { ...(method && { method }), ...(certificate !== undefined && { certificate }) };
}
