/** Ways to spoil a message: bits, bytes, lengths, order, and what others said instead. */
import type { SeededRandom } from '../simulator/index.ts';

type Spoil = (
  body: Uint8Array,
  o: { readonly others: readonly Uint8Array[]; readonly random: SeededRandom },
) => Uint8Array;

const SPOILS: readonly Spoil[] = [
  // A bit, thrice as often as the rest: most flips leave a message that decodes and says something else.
  flipBit,
  flipBit,
  flipBit,
  (body, { random }) => withByte(body, random.below(body.length), random.below(256)),
  (body, { random }) => withByte(body, random.below(body.length), random.chance(0.5) ? 0 : 255),
  (body, { random }) => body.slice(0, random.below(body.length)),
  (body, { random }) => body.slice(random.below(body.length)),
  (body, { random }) => Uint8Array.of(...body, ...random.bytes(1 + random.below(40))),
  (body, { random }) =>
    spliced(body, { at: random.below(body.length), remove: 0, insert: random.bytes(1 + random.below(4)) }),
  (body, { random }) =>
    spliced(body, { at: random.below(body.length), remove: 1 + random.below(4), insert: new Uint8Array() }),
  // A length or a count: big, small, negative if anybody reads it signed.
  (body, { random }) => {
    const word = [0, 1, 31, 32, 33, 255, 65_536, 0x7fffffff, 0x80000000, 0xffffffff][random.below(10)] ?? 0;
    const out = Uint8Array.of(...body, 0, 0, 0, 0);
    new DataView(out.buffer).setUint32(random.below(body.length), word);
    return out.slice(0, Math.max(4, body.length));
  },
  // A run of zeros, of ones, or of another part of the same message.
  (body, { random }) => body.slice().fill(random.chance(0.5) ? 0 : 255, ...range(body, random)),
  (body, { random }) => {
    const [from, to] = range(body, random);
    return spliced(body, { at: from, remove: to - from, insert: body.slice(...range(body, random)) });
  },
  (body, { random }) => Uint8Array.of(...body, ...body.slice(random.below(body.length))),
  // What somebody else said, or this party elsewhere, whole or in part.
  (_, { others, random }) => pick(others, random)?.slice() ?? new Uint8Array(),
  (body, { others, random }) => {
    const other = pick(others, random) ?? body;
    const at = random.below(Math.min(body.length, other.length));
    return Uint8Array.of(...body.slice(0, at), ...other.slice(at));
  },
  (body, { random }) => random.bytes(random.below(2 * body.length + 2)),
  () => new Uint8Array(),
];

/** One mutant; now and then it is the honest body again, which the caller leaves out. */
export function mutantOf(body: Uint8Array, others: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  const spoil = SPOILS[random.below(SPOILS.length)] as Spoil;
  const once = spoil(body, { others, random });
  return once.length > 0 && random.chance(0.15)
    ? (SPOILS[random.below(SPOILS.length)] as Spoil)(once, { others, random })
    : once;
}

function flipBit(body: Uint8Array, { random }: { readonly random: SeededRandom }): Uint8Array {
  const at = random.below(body.length);
  return withByte(body, at, (body[at] ?? 0) ^ (1 << random.below(8)));
}

function withByte(body: Uint8Array, at: number, byte: number): Uint8Array {
  const out = body.slice();
  out[at] = byte;
  return out;
}

function spliced(body: Uint8Array, o: { at: number; remove: number; insert: Uint8Array }): Uint8Array {
  return Uint8Array.of(...body.slice(0, o.at), ...o.insert, ...body.slice(o.at + o.remove));
}

function range(body: Uint8Array, random: SeededRandom): [number, number] {
  const from = random.below(body.length);
  return [from, Math.min(body.length, from + 1 + random.below(48))];
}

function pick<T>(list: readonly T[], random: SeededRandom): T | undefined {
  return list[random.below(list.length)];
}
