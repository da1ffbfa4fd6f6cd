/**
 * What a restored store has to learn before it may vote (docs/specs/backup.md §5): that it was restored, and, per
 * organisation, the height up to which its forgotten self may have acknowledged something.
 */
import { decode, enc, f, i as item } from '@holdfast/crypto/transcript';
import { check } from '../refusal/index.ts';
import type { Db } from './database.ts';

export interface RestoredShelf {
  /** How many others have to answer before this signer acknowledges anything; undefined once they have. */
  pending(): { readonly others: number } | undefined;
  /** The height of an organisation that a committed entry has to reach first. */
  floor(org: string): number | undefined;
  floors(): ReadonlyMap<string, number>;
  // Inside a transaction:
  mark(o: { readonly others: number }): void;
  setFloor(org: string, height: number): void;
  clear(): void;
}

const PENDING = 'restored';
const FLOOR = 'floor:';
const TAG = 'holdfast/restored/v1';

export function createRestoredShelf(db: Db): RestoredShelf {
  const write = (k: string, value: number): void => {
    const v = enc(TAG, item.uint(value));
    db.run(
      'insert into meta (k, v, mac) values (?, ?, ?) on conflict (k) do update set v = excluded.v, mac = excluded.mac',
      k,
      v,
      db.mac('meta', [k, v]),
    );
  };
  const read = (k: string): number | undefined => {
    const row = db.one('select v, mac from meta where k = ?', k);
    if (row === undefined) return undefined;
    const [v, mac] = row;
    check(
      v instanceof Uint8Array && db.macHolds('meta', [k, v], mac),
      'E_STORE_DAMAGED',
      'the store has lost what it knew of its restoration: restore this signer again',
    );
    return decode(TAG, v, [f.uint(Number.MAX_SAFE_INTEGER)])[0];
  };

  return {
    pending() {
      const others = read(PENDING);
      return others === undefined ? undefined : { others };
    },
    floor: (org) => read(FLOOR + org),
    floors() {
      const names = db.all('select k from meta where k like ?', `${FLOOR}%`).map((row) => String(row[0]));
      return new Map(names.map((k) => [k.slice(FLOOR.length), read(k) ?? 0]));
    },
    mark: ({ others }) => write(PENDING, others),
    setFloor: (org, height) => write(FLOOR + org, height),
    clear: () => void db.run('delete from meta where k = ?', PENDING),
  };
}
