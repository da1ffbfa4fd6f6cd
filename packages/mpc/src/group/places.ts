/** The places of a group: which there are, which a party takes, and how a message says so. */
import { type Index, type Machine, type RunContext, refuse } from '../runtime/index.ts';

/** Elements of one group. The largest message of a group of so many stays far below what a body may have. */
export const GROUP_MAX = 128;

interface Element {
  readonly machine: Pick<Machine<unknown>, 'execId'>;
  readonly points: ReadonlyMap<Index, Index>;
}

/** Refuses what is no group, before anything is sent. */
export function requireElements(ctx: RunContext, o: { size: number; elements: ReadonlyMap<number, Element> }): void {
  const { size, elements } = o;
  if (!Number.isInteger(size) || size < 1 || size > GROUP_MAX)
    refuse('E_GROUP_SIZE', `A group has 1 to ${GROUP_MAX} places.`);
  if (![...elements.keys()].every((place) => Number.isInteger(place) && place >= 0 && place < size))
    refuse('E_GROUP_PLACE', 'An element lies outside the places of its group.');
  const ids = new Set([...elements.values()].map(({ machine }) => Buffer.from(machine.execId).toString('latin1')));
  // Twice the same id would be the same nonces twice.
  if (ids.size !== elements.size) refuse('E_GROUP_TWICE', 'An execution id stands in a group once.');
  if (![...elements.values()].every(({ points }) => ctx.parties.every((party) => points.has(party))))
    refuse('E_PARTIES', 'An element does not know every party of its group.');
}

export const bitmapBytes = (size: number): number => Math.ceil(size / 8);

/** Bit p of byte ⌊p/8⌋, least significant first: place p is taken. */
export function bitmapOf(places: Iterable<number>, size: number): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes(size));
  for (const place of places) bitmap[place >> 3] = (bitmap[place >> 3] as number) | (1 << (place & 7));
  return bitmap;
}

/** In ascending order. */
export function placesOf(bitmap: Uint8Array, size: number): number[] {
  const places: number[] = [];
  for (let place = 0; place < 8 * bitmap.length; place += 1) {
    if ((((bitmap[place >> 3] as number) >> (place & 7)) & 1) === 0) continue;
    if (place >= size) refuse('E_ENCODING', 'A place outside the group.');
    places.push(place);
  }
  return places;
}
