import type { CertificateSet } from "./directory.ts";

/** A certificate for one of the example's hosts (renderer/routes/example.ts). */
export const EXAMPLE_CERTIFICATES: CertificateSet = {
  usable: new Map([
    [
      "www.example.org",
      { stem: "www.example.org", names: ["www.example.org"], notAfter: 0, fingerprint: "0".repeat(64) },
    ],
  ]),
  refused: [],
};
