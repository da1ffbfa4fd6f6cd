/** Reads a file of the repository's vectors/ folder. */
import { readFileSync } from 'node:fs';

export function readVectors<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../vectors/${path}`, import.meta.url), 'utf8')) as T;
}
