/**
 * Peers that a protocol has shown to deviate (mpc-protocols §10 row 39): how often, and with what evidence. Survives
 * restarts; only the operator forgets.
 */
import type { Db } from './database.ts';

export interface NamedPeer {
  readonly signerId: Uint8Array;
  readonly times: number;
}

export interface StoredEvidence {
  readonly execId: Uint8Array;
  readonly signerId: Uint8Array;
  readonly code: string;
  readonly time: number;
  /** What was kept of the run, as its author wrote it. */
  readonly record: string;
}

export interface NamedShelf {
  /** A damaged row counts as named too often. */
  times(signerId: Uint8Array): number;
  all(): NamedPeer[];
  /** Newest first. */
  evidence(): StoredEvidence[];
  // Inside a transaction:
  /** Kept, and nobody counted: of a run in which a peer deviated once is nothing to fear again. */
  keep(o: StoredEvidence): void;
  /** Answers how often it has been named with this. */
  name(o: StoredEvidence): number;
  /** The operator's act; the evidence stays. */
  forgive(signerId: Uint8Array): void;
}

/** Kept for the operator to look at: the newest. */
const EVIDENCE_MAX = 64;

export function createNamedShelf(db: Db): NamedShelf {
  const times = (signerId: Uint8Array): number => {
    const row = db.one('select signerId, times, mac from named where signerId = ?', signerId);
    if (row === undefined) return 0;
    return db.macHolds('named', row.slice(0, -1), row.at(-1)) ? Number(row[1]) : Number.MAX_SAFE_INTEGER;
  };
  const keep = ({ execId, signerId, code, time, record }: StoredEvidence): void => {
    const seq = Number(db.one('select max(seq) from evidence')?.[0] ?? 0) + 1;
    const cells = [seq, execId, signerId, code, time, record];
    db.run(
      'insert into evidence (seq, execId, signerId, code, time, record, mac) values (?, ?, ?, ?, ?, ?, ?)',
      ...cells,
      db.mac('evidence', cells),
    );
    db.run('delete from evidence where seq <= ?', seq - EVIDENCE_MAX);
  };
  return {
    times,
    all: () =>
      db
        .all('select signerId from named order by signerId')
        .map(([id]) => ({ signerId: bytes(id), times: times(bytes(id)) })),
    evidence: () =>
      db
        .all('select seq, execId, signerId, code, time, record, mac from evidence order by seq desc')
        .filter((row) => db.macHolds('evidence', row.slice(0, -1), row.at(-1)))
        .map(([, execId, signerId, code, time, record]) => ({
          execId: bytes(execId),
          signerId: bytes(signerId),
          code: String(code),
          time: Number(time),
          record: String(record),
        })),
    keep,
    name(o) {
      const { signerId } = o;
      const now = Math.min(times(signerId) + 1, Number.MAX_SAFE_INTEGER);
      db.run(
        `insert into named (signerId, times, mac) values (?, ?, ?)
         on conflict (signerId) do update set times = excluded.times, mac = excluded.mac`,
        signerId,
        now,
        db.mac('named', [signerId, now]),
      );
      keep(o);
      return now;
    },
    forgive: (signerId) => void db.run('delete from named where signerId = ?', signerId),
  };
}

function bytes(cell: unknown): Uint8Array {
  return cell instanceof Uint8Array ? cell : new Uint8Array();
}
