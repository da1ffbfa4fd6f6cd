/**
 * In the place of node:crypto. Code of the chains that seals headers for the api's own nodes uses it; no page does, and one
 * that would must fail rather than go on with nothing.
 */
const absent = (): never => {
  throw new Error('bug: this runs in a browser and asked for node:crypto');
};

export const createCipheriv = absent;
export const createDecipheriv = absent;
export const hkdfSync = absent;
