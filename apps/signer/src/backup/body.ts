/** What is inside the seal of a backup, as bytes (docs/specs/backup.md §3). */
import {
  CryptoError,
  decode,
  enc,
  type Field,
  f,
  type Item,
  i as item,
  type Values,
} from '@holdfast/crypto/transcript';
import { check, refuse } from '../refusal/index.ts';
import type { Cell, Row, StoreContents, StoredShare, TableContents } from '../store/index.ts';

export interface BackupBody {
  /** Ed25519 seed ‖ X25519 private key, 64 bytes; whoever holds this wipes it. */
  readonly seeds: Uint8Array;
  readonly settings: { readonly allowImport: boolean; readonly allowExport: boolean };
  readonly pins: readonly { readonly orgId: string; readonly sha256: Uint8Array }[];
  readonly contents: StoreContents;
}

const TAG = 'holdfast/backup/v1';
const TABLES_MAX = 32;
const COLUMNS_MAX = 64;
/** Rows and shares stand in pages, because one list of the encoding ends at 65,535 items. */
const PAGE = 4096;
const PAGES_MAX = 4096;
const CELL_BYTES_MAX = 4 * 1024 * 1024;
const RECORD_BYTES_MAX = 64 * 1024;
const PINS_MAX = 4096;

const cellFields = [f.bytes({ max: CELL_BYTES_MAX }), f.uint(Number.MAX_SAFE_INTEGER), f.text(CELL_BYTES_MAX)] as const;
/** Absent, or what SQLite holds. */
const cell: Field<Exclude<Cell, null> | undefined> = f.optional<Exclude<Cell, null>>({
  type: 0,
  read(type, payload, depth) {
    const field = cellFields.find((each) => each.type === type);
    check(field !== undefined, 'E_BACKUP_FORMAT', 'the backup holds a value of no known kind');
    return field.read(type, payload, depth);
  },
});
const row = f.list(cell, { max: COLUMNS_MAX });
const table = f.tuple(
  f.text(64),
  f.list(f.text(64), { max: COLUMNS_MAX }),
  f.list(f.list(row, { max: PAGE }), { max: PAGES_MAX }),
);
const plainShare = [f.text(64), f.bytes(32), f.text(16), f.bytes({ max: RECORD_BYTES_MAX }), f.scalar()] as const;
/** A master key's has its chain code after it: six items instead of five, so that the two never look alike. */
const master = f.tuple(...plainShare, f.bytes(32));
const plain = f.tuple(...plainShare);
const share: Field<Values<typeof plainShare> | Values<readonly [...typeof plainShare, Field<Uint8Array>]>> = {
  type: plain.type,
  read(type, payload, depth) {
    try {
      return plain.read(type, payload, depth);
    } catch {
      return master.read(type, payload, depth); // Its refusal is the one that tells.
    }
  },
};
const fields = [
  f.bytes(64),
  f.uint(1),
  f.uint(1),
  f.list(f.tuple(f.text(64), f.bytes(32)), { max: PINS_MAX }),
  f.tuple(f.uint(Number.MAX_SAFE_INTEGER), f.bytes(32)),
  f.list(table, { max: TABLES_MAX }),
  f.list(f.list(share, { max: PAGE }), { max: PAGES_MAX }),
] as const;

export function encodeBody(b: BackupBody): Uint8Array {
  const { journal, tables, shares } = b.contents;
  return enc(
    TAG,
    item.bytes(b.seeds),
    item.uint(b.settings.allowImport ? 1 : 0),
    item.uint(b.settings.allowExport ? 1 : 0),
    item.list(b.pins.map((pin) => item.list([item.text(pin.orgId), item.bytes(pin.sha256)]))),
    item.list([item.uint(journal.length), item.bytes(journal.head)]),
    item.list(tables.map(tableItem)),
    item.list(pagesOf(shares).map((page) => item.list(page.map(shareItem)))),
  );
}

/** Refuses E_BACKUP_FORMAT; what it accepts encodes to the same bytes. */
export function decodeBody(bytes: Uint8Array): BackupBody {
  try {
    const [seeds, allowImport, allowExport, pins, [length, head], tables, shares] = decode(TAG, bytes, fields);
    return {
      seeds,
      settings: { allowImport: allowImport === 1, allowExport: allowExport === 1 },
      pins: pins.map(([orgId, sha256]) => ({ orgId, sha256 })),
      contents: {
        journal: { length, head },
        tables: tables.map(([name, columns, pages]): TableContents => {
          const rows = pages.flat().map((cells): Row => cells.map((each) => each ?? null));
          const square = rows.every((each) => each.length === columns.length);
          check(square, 'E_BACKUP_FORMAT', `a record of ${name} has a wrong number of values`);
          return { name, columns, rows };
        }),
        shares: shares.flat().map(
          ([keyId, epoch, status, record, x, chainCode]): StoredShare => ({
            keyId,
            epoch,
            status,
            record,
            x,
            ...(chainCode === undefined ? {} : { chainCode }),
          }),
        ),
      },
    };
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause;
    return refuse('E_BACKUP_FORMAT', 'what is inside the backup cannot be read');
  }
}

/** The secrets of a body, once they are where they belong. */
export function wipeBody({ seeds, contents }: BackupBody): void {
  seeds.fill(0);
  for (const { x, chainCode } of contents.shares) {
    x.fill(0);
    chainCode?.fill(0);
  }
}

function tableItem({ name, columns, rows }: TableContents): Item {
  return item.list([
    item.text(name),
    item.list(columns.map((column) => item.text(column))),
    item.list(pagesOf(rows).map((page) => item.list(page.map((cells) => item.list(cells.map(cellItem)))))),
  ]);
}

function cellItem(value: Cell): Item {
  if (value === null) return item.absent;
  if (typeof value === 'string') return item.text(value);
  return typeof value === 'number' ? item.uint(value) : item.bytes(value);
}

function shareItem({ keyId, epoch, status, record, x, chainCode }: StoredShare): Item {
  return item.list([
    item.text(keyId),
    item.bytes(epoch),
    item.text(status),
    item.bytes(record),
    item.scalar(x),
    ...(chainCode === undefined ? [] : [item.bytes(chainCode)]),
  ]);
}

function pagesOf<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / PAGE) }, (_, k) => all.slice(k * PAGE, (k + 1) * PAGE));
}
