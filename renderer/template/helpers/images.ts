import { helpersOf } from "../define-helper.ts";
import { recordOf } from "../plain-record.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Containers");

/** Names of images. */
export const images: readonly Helper[] = [
  define(
    "imageParts IMAGE",
    'A record of registry, repository, tag and digest, each "" when it is not there. What stands before the first slash is a registry if it has a dot or a port, or is localhost. docker-gen takes a digest for a tag.',
    {
      template: `{{#with (imageParts image)}}{{repository}} {{tag}} {{registry}}{{/with}}`,
      data: { image: "reg.example:5000/shop/web:1.2" },
      prints: "shop/web 1.2 reg.example:5000",
    },
    (call) => recordOf(Object.entries(partsOf(call.text(0)))),
  ),
];

interface ImageParts {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

function partsOf(image: string): ImageParts {
  if (/^sha256:[0-9a-f]{64}$/.test(image)) return { registry: "", repository: "", tag: "", digest: image };
  const [named = "", ...digest] = image.split("@");
  const slash = named.indexOf("/");
  const first = slash < 0 ? "" : named.slice(0, slash);
  const registry = /[.:]/.test(first) || first === "localhost" ? first : "";
  const path = registry === "" ? named : named.slice(slash + 1);
  const colon = path.indexOf(":", path.lastIndexOf("/") + 1);
  const [repository, tag] = colon < 0 ? [path, ""] : [path.slice(0, colon), path.slice(colon + 1)];
  return { registry, repository, tag, digest: digest.join("@") };
}
