/**
 * The network under virtual time. Datagrams between signers are lost, doubled, delayed past each other and altered;
 * streams between a signer and the relay keep their order and stall. A link is open, cut (what is sent is lost) or
 * clogged (it is held and comes when the link opens), each direction by itself. 0 is the api, 1…5 are the signers.
 */
import type { SeededRandom } from '@holdfast/mpc/simulator';
import type { Loop } from './loop.ts';

export interface Weather {
  readonly drop: number;
  readonly duplicate: number;
  readonly corrupt: number;
  /** Datagrams of an ordered pair that overtake others all the same. */
  readonly reorder: number;
  readonly delayMs: readonly [number, number];
}

export const FAIR: Weather = { drop: 0, duplicate: 0, corrupt: 0, reorder: 0, delayMs: [1, 3] };

export type LinkState = 'open' | 'cut' | 'clogged';

export interface Network {
  weather: Weather;
  link(from: number, to: number): LinkState;
  setLink(from: number, to: number, state: LinkState): void;
  openAll(): void;
  /** `arrive` is told whether the bytes were altered on the way; `lost` is called instead where they are gone. */
  datagram(from: number, to: number, o: Datagram): void;
  stream(from: number, to: number): Stream;
  readonly counts: { sent: number; dropped: number; duplicated: number; corrupted: number; held: number };
}

export interface Datagram {
  /** In the order of sending, as a relay's connections keep it. */
  readonly ordered?: boolean;
  arrive(altered: boolean): void;
  lost(): void;
}

/** One direction of one connection. What is under way when it closes is lost. */
export interface Stream {
  send(arrive: () => void): void;
  close(): void;
}

export function createNetwork(o: { readonly loop: Loop; readonly random: SeededRandom }): Network {
  const { loop, random } = o;
  const states = new Map<number, LinkState>();
  const held = new Map<number, (() => void)[]>();
  const lastOf = new Map<number, number>();
  const counts = { sent: 0, dropped: 0, duplicated: 0, corrupted: 0, held: 0 };
  const key = (from: number, to: number): number => from * 8 + to;
  const delay = (): number => {
    const [min, max] = network.weather.delayMs;
    return min + ((max - min) * random.below(1_000)) / 1_000;
  };
  const hold = (at: number, again: () => void): void => {
    counts.held += 1;
    const waiting = held.get(at);
    if (waiting === undefined) held.set(at, [again]);
    else waiting.push(again);
  };
  const link = (from: number, to: number): LinkState => states.get(key(from, to)) ?? 'open';

  const network: Network = {
    weather: FAIR,
    counts,
    link,
    setLink(from, to, state) {
      const at = key(from, to);
      states.set(at, state);
      if (state === 'clogged') return;
      const waiting = held.get(at) ?? [];
      held.delete(at);
      for (const again of waiting) again();
    },
    openAll() {
      for (const at of [...states.keys(), ...held.keys()]) network.setLink(at >> 3, at & 7, 'open');
    },
    datagram(from, to, { ordered = false, arrive, lost }) {
      const { drop, duplicate, corrupt, reorder } = network.weather;
      counts.sent += 1;
      const state = link(from, to);
      if (state === 'cut' || random.chance(drop)) {
        counts.dropped += 1;
        return lost();
      }
      const copies = random.chance(duplicate) ? 2 : 1;
      counts.duplicated += copies - 1;
      for (let copy = 0; copy < copies; copy += 1) {
        const altered = random.chance(corrupt);
        if (altered) counts.corrupted += 1;
        const fly = (): void => {
          let wait = delay();
          if (ordered && !random.chance(reorder)) {
            wait = Math.max(loop.now + wait, lastOf.get(key(from, to)) ?? 0) - loop.now;
            lastOf.set(key(from, to), loop.now + wait);
          }
          loop.after(wait, () => arrive(altered));
        };
        if (state === 'clogged') hold(key(from, to), fly);
        else fly();
      }
    },
    stream(from, to) {
      let open = true;
      let last = 0;
      const fly = (arrive: () => void): void => {
        last = Math.max(last, loop.now + delay());
        loop.after(last - loop.now, () => {
          if (open) arrive();
        });
      };
      return {
        send(arrive) {
          // Bytes of a stream that a link does not carry now are sent again when it does.
          if (link(from, to) === 'open') fly(arrive);
          else hold(key(from, to), () => fly(arrive));
        },
        close() {
          open = false;
        },
      };
    },
  };
  return network;
}
