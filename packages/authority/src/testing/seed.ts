/** Test only: the seed of randomised tests. Rerun a failure with HOLDFAST_SEED=<printed seed>. */
export const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() & 0x7fffffff);
console.log(`seed ${seed}`);
