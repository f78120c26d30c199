import * as z from "zod";

/** An absolute path. */
export const path = z.string().regex(/^\/[^\0]*$/, "must be an absolute path");

/** One that can stand in nginx's configuration as it is. */
export const plainPath = path.regex(/^[A-Za-z0-9._:/-]*$/, "letters, digits, dots, dashes, colons and slashes only");

export const portNumber = z.int().min(1).max(65_535);
