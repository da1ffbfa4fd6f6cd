/**
 * New sharings of keys at the signers (docs/specs/refresh.md §3): asks for them, and brings the signers together where
 * something stopped half way. Everything here can be repeated at any time; nothing here decides what may be erased.
 */
import type { KeyEpoch, KeyStatement } from '@holdfast/cluster/commands';
import { refuse } from '@holdfast/contract/errors';
import { toHex } from '@holdfast/contract/wire';
import { inTransaction } from '@holdfast/storage/database';
import { findKeyOfCluster, type KeyRow, listKeyStatements, replaceKeyEpoch } from '@holdfast/storage/records';
import { failureOf, refusalsOf, resultsOf } from './outcomes.ts';
import { requireAll, SIGNERS, THRESHOLD } from './participants.ts';
import type { Room } from './room.ts';
import { isEpochConfirmation, isKeyStatement } from './statements.ts';
import type { NewEpoch, Outcome } from './types.ts';

/** The signers give up after 10 s; their word is better than our silence. */
const REFRESH_MS_MAX = 14_000;
const EPOCHS_MS_MAX = 3_000;
const RUN_NONCE_BYTES = 32;
/** Pages of keys in one look; the next look goes on. */
const PAGES_MAX = 64;

type RefreshedKey = Pick<KeyRow, 'id' | 'orgId' | 'curve' | 'publicKey' | 'epoch'>;

/** All five give the key a new sharing, state it, and promise to keep it; each signature is checked here. */
export async function refreshKey(room: Room, key: RefreshedKey): Promise<NewEpoch> {
  const everybody = requireAll(room.link.online());
  const runNonce = toHex(room.env.random(RUN_NONCE_BYTES));
  const order = { kind: 'Refresh', keyId: key.id, epoch: key.epoch, runNonce, participants: everybody } as const;
  const outcomes = await room.ask.all(order, everybody, REFRESH_MS_MAX);
  const given = resultsOf('key', outcomes);
  if (given.length < SIGNERS) throw failureOf(outcomes);
  const [first] = given;
  const epoch = first?.result.epoch ?? '';
  const agree = given.every(
    ({ index, result }) =>
      result.keyId === key.id &&
      result.publicKey === key.publicKey &&
      result.epoch === epoch &&
      isHeld(room, key, { index, epoch: result }) &&
      result.confirmation !== undefined,
  );
  if (!agree) refuse('E_CLUSTER_DISAGREES', 'the signers do not agree on the new shares', { keyId: key.id });
  return {
    epoch,
    statements: given.map(({ result }) => result.statement),
    confirmations: given.flatMap(({ result }) => (result.confirmation === undefined ? [] : [result.confirmation])),
  };
}

/** Shows the five promises to all: what is older is erased. Who misses it is shown them when it is next looked at. */
export async function confirmEpoch(
  room: Room,
  { keyId, epoch, confirmations }: { keyId: string; epoch: string; confirmations: readonly KeyStatement[] },
): Promise<void> {
  await room.ask.all({ kind: 'EpochConfirmed', keyId, epoch, confirmations }, room.link.online(), EPOCHS_MS_MAX);
}

/** Every key of which some signer holds more than one sharing. */
export async function settleEpochs(room: Room): Promise<void> {
  const changing = new Set<string>();
  for (const index of room.link.online()) for (const keyId of await changingAt(room, index)) changing.add(keyId);
  for (const keyId of changing) await settleKey(room, keyId);
}

async function changingAt(room: Room, index: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const after = found.at(-1);
    const order = { kind: 'Epochs', ...(after === undefined ? {} : { after }) } as const;
    const [given] = resultsOf('epochs', [await room.ask.one(order, index, EPOCHS_MS_MAX)]);
    const ids = (given?.result.keys ?? []).map(({ keyId }) => keyId);
    // A signer that begins again from the front would keep us here for ever.
    if (ids.some((id) => after !== undefined && id <= after)) return found;
    found.push(...ids);
    if (given?.result.more !== true || ids.length === 0) return found;
  }
  return found;
}

/**
 * One key: shows certificates to those that miss them, writes the newest certified sharing down, and shows five promises
 * where five are given. Answers the epoch that the row names afterwards.
 */
export async function settleKey(room: Room, keyId: string): Promise<string | undefined> {
  const key = await findKeyOfCluster(room.db.kysely, keyId);
  // A key this api never answered for: nobody was told of it.
  if (key === undefined) return undefined;
  let held = await heldOf(room, key);
  const certified = await certificates(room, key, held);
  let shown = false;
  for (const { epoch, statements } of certified) {
    const missing = [...held].filter(([, epochs]) =>
      epochs.some((e) => e.epoch === epoch && e.confirmation === undefined),
    );
    if (missing.length === 0) continue;
    const indices = missing.map(([index]) => index);
    await room.ask.all({ kind: 'KeyCertificate', keyId, statements }, indices, EPOCHS_MS_MAX);
    shown = true;
  }
  if (shown) held = await heldOf(room, key);

  const newest = certified[0];
  if (newest !== undefined && newest.epoch !== key.epoch) {
    await inTransaction(room.db, (tx) => replaceKeyEpoch(tx, { keyId, ...newest }));
    room.env.log('epoch.learned', { keyId, epoch: newest.epoch });
  }
  for (const { epoch } of certified) {
    const confirmations = [...held.values()].flatMap((epochs) => {
      const one = epochs.find((e) => e.epoch === epoch)?.confirmation;
      return one === undefined ? [] : [one];
    });
    const isOver = [...held.values()].every((epochs) => epochs.length === 1);
    if (confirmations.length === SIGNERS && !isOver) await confirmEpoch(room, { keyId, epoch, confirmations });
  }
  return newest?.epoch ?? key.epoch;
}

/**
 * The epoch to name in the next attempt. Where a signer refused the one that was named, shares have changed since its row
 * was read: the row names the new one by now, or the signers are asked what they hold.
 */
export async function epochNow(
  room: Room,
  o: {
    readonly key: { readonly id: string } | undefined;
    readonly keyEpoch: string | undefined;
    readonly outcomes: readonly Outcome[];
  },
): Promise<string | undefined> {
  const { key, keyEpoch, outcomes } = o;
  if (key === undefined || !refusalsOf(outcomes).some(({ refusal }) => refusal.code === 'E_EPOCH')) return keyEpoch;
  const row = await findKeyOfCluster(room.db.kysely, key.id);
  return row === undefined || row.epoch === keyEpoch ? settleKey(room, key.id) : row.epoch;
}

export type Held = ReadonlyMap<number, readonly KeyEpoch[]>;

/** What each signer that answers holds of the key, as far as its signatures say so. */
export async function heldOf(room: Room, key: RefreshedKey): Promise<Held> {
  const outcomes = await room.ask.all({ kind: 'Epochs', only: key.id }, room.link.online(), EPOCHS_MS_MAX);
  return new Map(
    resultsOf('epochs', outcomes).map(({ index, result }) => [
      index,
      (result.keys.find(({ keyId }) => keyId === key.id)?.epochs ?? []).filter((epoch) =>
        isHeld(room, key, { index, epoch }),
      ),
    ]),
  );
}

/**
 * The sharings that three or more say they hold, of a generation on which as many agree, the newest first: a liar neither
 * makes an older one the newest nor hides a newer one, however often it names it.
 */
export function knownSharings(held: Held): readonly { readonly epoch: string; readonly generation: number }[] {
  const said = new Map<string, { readonly epoch: string; readonly generation: number; readonly by: Set<number> }>();
  for (const [index, epochs] of held)
    for (const { epoch, generation } of epochs) {
      const name = `${generation} ${epoch}`;
      const known = said.get(name) ?? { epoch, generation, by: new Set() };
      known.by.add(index);
      said.set(name, known);
    }
  return [...said.values()]
    .filter(({ by }) => by.size >= THRESHOLD)
    .sort((a, b) => b.generation - a.generation || (a.epoch < b.epoch ? -1 : 1));
}

/** The sharings with five statements, the newest first. Those in the row count too: their signers may be away now. */
async function certificates(
  room: Room,
  key: KeyRow,
  held: Held,
): Promise<readonly { readonly epoch: string; readonly statements: readonly KeyStatement[] }[]> {
  const known = await listKeyStatements(room.db.kysely, key.id);
  const written = known.map(({ signerIndex, signature }) => ({ index: signerIndex, signature }));
  return knownSharings(held)
    .map(({ epoch }) => {
      const statements = new Map<number, KeyStatement>();
      if (epoch === key.epoch) for (const each of written) statements.set(each.index, each);
      for (const [index, epochs] of held) {
        const one = epochs.find((e) => e.epoch === epoch);
        if (one !== undefined) statements.set(index, one.statement);
      }
      return { epoch, statements: [...statements.values()].sort((a, b) => a.index - b.index) };
    })
    .filter(({ statements }) => statements.length === SIGNERS);
}

function isHeld(
  room: Pick<Room, 'roster'>,
  key: RefreshedKey,
  {
    index,
    epoch: held,
  }: { index: number; epoch: Pick<KeyEpoch, 'epoch' | 'statement'> & { confirmation?: KeyStatement } },
): boolean {
  const { epoch, statement, confirmation } = held;
  const stated = { org: key.orgId, keyId: key.id, curve: key.curve, publicKey: key.publicKey, epoch };
  if (statement.index !== index || !isKeyStatement(room.roster, stated, statement)) return false;
  if (confirmation === undefined) return true;
  return confirmation.index === index && isEpochConfirmation(room.roster, stated, confirmation);
}
