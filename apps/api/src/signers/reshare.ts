/**
 * A key dealt anew to the five of today (docs/specs/succession.md §4): after a signer was replaced, or for one that lost its
 * share or came back with an older one. The api carries what the signers know of the key from one to another.
 */
import type { KeyStatement, ReshareRecord } from '@holdfast/cluster/commands';
import { refuse } from '@holdfast/contract/errors';
import { canonicalJson, toHex } from '@holdfast/contract/wire';
import type { KeyRow } from '@holdfast/storage/records';
import { type Held, heldOf, knownSharings } from './epochs.ts';
import { failureOf, resultsOf } from './outcomes.ts';
import { requireAll, SIGNERS, THRESHOLD } from './participants.ts';
import type { Room } from './room.ts';
import { isEpochConfirmation, isKeyStatement } from './statements.ts';
import type { NewEpoch } from './types.ts';

/** The signers give up after 10 s; their word is better than our silence. */
const RESHARE_MS_MAX = 14_000;
const RECORD_MS_MAX = 3_000;
const RUN_NONCE_BYTES = 32;

type ResharedKey = Pick<KeyRow, 'id' | 'orgId' | 'curve' | 'publicKey' | 'epoch'>;

/** Undefined where all five hold the key at their places already. */
export async function reshareKey(room: Room, key: ResharedKey): Promise<NewEpoch | undefined> {
  const everybody = requireAll(room.link.online());
  const { base, record, dealers } = await holdersOf(room, key);
  const isWhole = room.roster.signers.every(
    ({ index, signerId }) => dealers.includes(index) && record.points.some(([id]) => id === toHex(signerId)),
  );
  if (isWhole && base === key.epoch) return undefined;
  const runNonce = toHex(room.env.random(RUN_NONCE_BYTES));
  const order = { kind: 'Reshare', keyId: key.id, epoch: base, runNonce, participants: dealers, record } as const;
  const outcomes = await room.ask.all(order, everybody, RESHARE_MS_MAX);
  const given = resultsOf('key', outcomes);
  if (given.length < SIGNERS) throw failureOf(outcomes);
  const epoch = given[0]?.result.epoch ?? '';
  const stated = { org: key.orgId, keyId: key.id, curve: key.curve, publicKey: key.publicKey, epoch };
  const agree = given.every(
    ({ index, result }) =>
      result.keyId === key.id &&
      result.publicKey === key.publicKey &&
      result.epoch === epoch &&
      result.statement.index === index &&
      isKeyStatement(room.roster, stated, result.statement) &&
      result.confirmation?.index === index &&
      isEpochConfirmation(room.roster, stated, result.confirmation),
  );
  if (!agree) refuse('E_CLUSTER_DISAGREES', 'the signers do not agree on the new shares', { keyId: key.id });
  return {
    epoch,
    statements: given.map(({ result }) => result.statement),
    confirmations: given.flatMap(({ result }) => (result.confirmation === undefined ? [] : [result.confirmation])),
  };
}

/**
 * The newest sharing that three or more may use, who holds it, and what those say of the key alike. Not always the one that
 * the row names: a refresh that ended at the signers alone, and whose fifth share was lost since with a disk, is in no row,
 * and those who hold it go back to no older one (docs/specs/succession.md §4.1).
 */
async function holdersOf(
  room: Room,
  key: ResharedKey,
): Promise<{ readonly base: string; readonly record: ReshareRecord; readonly dealers: readonly number[] }> {
  const base = newestOfThree(await heldOf(room, key));
  const outcomes = await room.ask.all({ kind: 'KeyRecord', keyId: key.id }, room.link.online(), RECORD_MS_MAX);
  const stated = { org: key.orgId, keyId: key.id, curve: key.curve, publicKey: key.publicKey, epoch: base ?? '' };
  const alike = new Map<string, { record: ReshareRecord; by: { index: number; statement: KeyStatement }[] }>();
  for (const { index, result } of resultsOf('keyRecord', outcomes)) {
    const { record, statement } = result;
    // One of another epoch states something else, and does not count.
    if (statement.index !== index || !isKeyStatement(room.roster, stated, statement)) continue;
    const text = canonicalJson(record);
    const known = alike.get(text) ?? { record, by: [] };
    alike.set(text, { ...known, by: [...known.by, { index, statement }] });
  }
  const [most] = [...alike.values()].sort((a, b) => b.by.length - a.by.length);
  if (base === undefined || most === undefined || most.by.length < THRESHOLD)
    return refuse('E_CLUSTER_DISAGREES', 'no three signers hold this key alike', { keyId: key.id });
  return {
    base,
    record: { ...most.record, statements: most.by.map(({ statement }) => statement) },
    dealers: most.by.map(({ index }) => index).sort((a, b) => a - b),
  };
}

/** Three promised to keep it, so one that keeps its promises is among them. */
function newestOfThree(held: Held): string | undefined {
  const promised = [...held].map(
    ([index, epochs]) => [index, epochs.filter(({ confirmation }) => confirmation !== undefined)] as const,
  );
  return knownSharings(new Map(promised))[0]?.epoch;
}
