import fc from "fast-check";

const given = process.env["SALLYPORT_SEED"] ?? "1";

/**
 * The seed of all random tests. It is fixed, so that a test that passed before and fails now shows a fault of the change.
 * SALLYPORT_SEED=random tries other inputs; a test that fails prints its seed.
 */
export const SEED = given === "random" ? Math.trunc(Math.random() * 2 ** 31) : Number(given);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });

export { fc };
