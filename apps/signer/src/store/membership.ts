/** The roster this signer has served in: it moves along successions only, never back and never to a fork. */
import type { Roster } from '@holdfast/cluster/roster';
import { decode, enc, f, i as item } from '@holdfast/crypto/transcript';
import { check } from '../refusal/index.ts';
import type { Db } from './database.ts';

export interface Membership {
  /**
   * Inside a transaction. True when the roster is another one than before, that follows from it. Refuses E_ROSTER_MOVED for
   * any other. A new store takes the first roster it is given.
   */
  enter(roster: Pick<Roster, 'fingerprint' | 'past' | 'epoch'>): boolean;
}

const KEY = 'roster';
const TAG = 'holdfast/membership/v1';

export function createMembership(db: Db): Membership {
  const read = (): Uint8Array | undefined => {
    const row = db.one('select v, mac from meta where k = ?', KEY);
    if (row === undefined) return undefined;
    const [v, mac] = row;
    const holds = v instanceof Uint8Array && db.macHolds('meta', [KEY, v], mac);
    check(
      holds,
      'E_STORE_DAMAGED',
      'the store has lost which roster it served in: restore this signer from its backup',
    );
    return decode(TAG, v, [f.bytes(32)])[0];
  };

  return {
    enter({ fingerprint, past, epoch }) {
      const before = read();
      if (before !== undefined && same(before, fingerprint)) return false;
      check(
        before === undefined || past.some((each) => same(each, before)),
        'E_ROSTER_MOVED',
        `the roster of epoch ${epoch} does not follow from the one this signer has served in: put back roster.json and successions.json of the cluster`,
      );
      const v = enc(TAG, item.bytes(fingerprint));
      db.run(
        'insert into meta (k, v, mac) values (?, ?, ?) on conflict (k) do update set v = excluded.v, mac = excluded.mac',
        KEY,
        v,
        db.mac('meta', [KEY, v]),
      );
      return before !== undefined;
    },
  };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
