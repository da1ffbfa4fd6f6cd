/**
 * How a signer restored from a backup finds out what it has forgotten (docs/specs/backup.md §5). It asks the others,
 * over their own sessions, how high each organisation's chain stands with them, and acknowledges nothing up to there.
 *
 * Why three answers are enough: a certificate that its forgotten self took part in carries two acknowledgements of the
 * other four. Whoever answers first forgets its freshness tokens, so it acknowledges nothing any more that was signed
 * before; of three that answered, one had acknowledged already, and says so.
 */

import type { Env } from '@holdfast/contract/types';
import { toHex, utf8 } from '@holdfast/contract/wire';
import { CryptoError, decode, enc, f, i as item, sha256 } from '@holdfast/crypto/transcript';
import type { Freshness } from '../consent/freshness.ts';
import type { Organisations } from '../consent/organisations.ts';
import type { PeerMessage, Peers, Runs } from '../runs/index.ts';
import type { Store } from '../store/index.ts';

export interface Rejoin {
  /** True until the others have answered; false for a signer that was never restored. */
  pending(): boolean;
  close(): void;
}

/** Talk about this belongs to no run; its channel has an id of its own that no run can have. */
const CHANNEL = sha256(utf8('holdfast/rejoin/v1'));
const QUERY = 0;
const ANSWER = 1;
const NONCE_BYTES = 16;
const ORG_BYTES_MAX = 48;
/** Organisations in one answer: far below the size of a frame. */
const PAGE = 256;
const ASK_EVERY_MS = 5_000;
/**
 * A query of another process costs the asked its freshness tokens. An asker has so many of them, for a signer that dies
 * while it asks, and gets one back in five minutes: what a signer that turned can spoil so is little.
 */
const RENEWALS_MAX = 4;
const RENEW_EVERY_MS = 5 * 60_000;
/** Pages of one query, per asker and minute. */
const PAGES_PER_MINUTE = 64;

interface Asker {
  left: number;
  since: number;
  readonly queries: Map<string, { readonly since: number; pages: number }>;
}

const head = f.tuple(f.text(ORG_BYTES_MAX), f.uint(Number.MAX_SAFE_INTEGER));

export function createRejoin(o: {
  readonly env: Env;
  readonly store: Store;
  readonly peers: Peers;
  readonly runs: Runs;
  readonly organisations: Organisations;
  readonly freshness: Freshness;
  /** Called once, when the others have answered. */
  done(): void;
}): Rejoin {
  const { env, store, peers, organisations } = o;
  let needed = store.restored.pending()?.others;
  /** Names this process, so that nothing told to another one of this signer counts. */
  const nonce = needed === undefined ? new Uint8Array() : env.random(NONCE_BYTES);
  /** What each of the others has told so far; `whole` once its last page was read. */
  const told = new Map<number, { heights: Map<string, number>; after: string; whole: boolean }>();
  /** By asker: the renewals it has left, counted up to `since`, and the queries of its latest processes. */
  const served = new Map<number, Asker>();
  let cancel = (): void => {};

  const send = (to: number, round: number, body: Uint8Array): void =>
    peers.send(to, { execId: CHANNEL, round, kind: 'p2p', to, body });
  const ask = (to: number): void =>
    send(to, QUERY, enc('holdfast/rejoin-query/v1', item.bytes(nonce), item.text(told.get(to)?.after ?? '')));
  const askAll = (): void => {
    if (needed === undefined) return;
    for (const to of peers.online()) if (told.get(to)?.whole !== true) ask(to);
    cancel = env.setTimer(ASK_EVERY_MS, askAll);
  };

  /** Up to where this signer may have acknowledged something, of every organisation it knows. */
  const highest = (): Map<string, number> => {
    const heights = new Map(store.restored.floors());
    for (const { org, height, tail } of organisations.heads())
      heights.set(org, Math.max(heights.get(org) ?? 0, tail?.height ?? height));
    return heights;
  };

  /** A query by another signer. Only the first page of a process costs the tokens, and that not often. */
  const answer = (from: number, asked: Uint8Array): void => {
    // What it has forgotten itself, it cannot tell.
    if (needed !== undefined) return;
    const [theirs, after] = decode('holdfast/rejoin-query/v1', asked, [f.bytes(NONCE_BYTES), f.text(ORG_BYTES_MAX)]);
    const name = toHex(theirs);
    const now = env.now();
    const asker: Asker = served.get(from) ?? { left: RENEWALS_MAX, since: now, queries: new Map() };
    served.set(from, asker);
    const known = asker.queries.get(name);
    if (known === undefined) {
      // A clock that was set back left a time of the future: from now on, then.
      asker.since = Math.min(asker.since, now);
      const regained = Math.floor((now - asker.since) / RENEW_EVERY_MS);
      asker.left = Math.min(RENEWALS_MAX, asker.left + regained);
      asker.since = asker.left === RENEWALS_MAX ? now : asker.since + regained * RENEW_EVERY_MS;
      if (asker.left === 0) return;
      asker.left -= 1;
      o.freshness.renew();
      env.log('rejoin.answered', { signer: from });
    }
    // Its tokens were renewed after that process had begun: however late it asks again, the answer holds.
    const query = known === undefined || now < known.since ? { since: now, pages: 0 } : known;
    asker.queries.delete(name);
    asker.queries.set(name, query);
    const [oldest] = asker.queries.keys();
    if (asker.queries.size > RENEWALS_MAX && oldest !== undefined) asker.queries.delete(oldest);
    if (query.pages >= PAGES_PER_MINUTE * Math.ceil((now - query.since + 1) / 60_000)) return;
    query.pages += 1;
    const all = [...highest()].filter(([org]) => org > after).sort(([a], [b]) => (a < b ? -1 : 1));
    const page = all.slice(0, PAGE);
    const list = page.map(([org, height]) => item.list([item.text(org), item.uint(height)]));
    const more = item.uint(all.length > page.length ? 1 : 0);
    send(from, ANSWER, enc('holdfast/rejoin-answer/v1', item.bytes(theirs), item.text(after), item.list(list), more));
  };

  const hear = (from: number, body: Uint8Array): void => {
    if (needed === undefined) return;
    const [mine, after, list, more] = decode('holdfast/rejoin-answer/v1', body, [
      f.bytes(NONCE_BYTES),
      f.text(ORG_BYTES_MAX),
      f.list(head, { max: PAGE }),
      f.uint(1),
    ]);
    const so = told.get(from) ?? { heights: new Map<string, number>(), after: '', whole: false };
    // Of another process of this signer, or a page asked for twice.
    if (toHex(mine) !== toHex(nonce) || after !== so.after || so.whole) return;
    for (const [org, height] of list) so.heights.set(org, height);
    so.after = list.at(-1)?.[0] ?? so.after;
    so.whole = more === 0 || list.length === 0;
    told.set(from, so);
    if (!so.whole) {
      ask(from);
      return;
    }
    const whole = [...told].filter(([, each]) => each.whole);
    if (whole.length >= needed) finish(whole.map(([index, { heights }]) => ({ index, heights })));
  };

  /** Floors and the end of waiting in one transaction; memory follows the disk. */
  const finish = (answers: readonly { index: number; heights: ReadonlyMap<string, number> }[]): void => {
    const floors = new Map<string, number>();
    for (const { heights } of answers)
      for (const [org, height] of heights) floors.set(org, Math.max(floors.get(org) ?? 0, height));
    const own = new Map(organisations.heads().map(({ org, height }) => [org, height]));
    const above = [...floors].filter(([org, height]) => height > (own.get(org) ?? -1));
    store.transaction('rejoin', () => {
      for (const [org, height] of above) store.restored.setFloor(org, height);
      store.restored.clear();
      const by = answers.map(({ index }) => index).join(',');
      store.journal.append('signer.rejoined', { by, organisations: floors.size, behind: above.length });
    });
    needed = undefined;
    cancel();
    for (const [org, height] of above) organisations.setAside(org, height);
    env.log('rejoin.done', { organisations: floors.size, behind: above.length });
    o.done();
  };

  o.runs.handle(CHANNEL, (from: number, m: PeerMessage) => {
    try {
      if (m.round === QUERY) answer(from, m.body);
      if (m.round === ANSWER) hear(from, m.body);
    } catch (error) {
      // Bytes of a faulty signer: nothing is learnt from them, and the next round asks again.
      if (!(error instanceof CryptoError)) throw error;
      env.log('rejoin.malformed', { signer: from });
    }
  });
  if (needed !== undefined) {
    peers.onPresence(({ online }) => {
      if (needed !== undefined) for (const to of online) if (told.get(to) === undefined) ask(to);
    });
    cancel = env.setTimer(0, askAll);
  }

  return { pending: () => needed !== undefined, close: () => cancel() };
}
