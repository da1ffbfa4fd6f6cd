/** Key generation and import: all five take part, state the same key, and each statement is checked here. */

import { deriveId } from '@holdfast/authority/ids';
import type { KeyStatement } from '@holdfast/cluster/commands';
import { refuse, WalletError } from '@holdfast/contract/errors';
import { failureOf, type Given, resultsOf } from './outcomes.ts';
import { requireAll, SIGNERS } from './participants.ts';
import type { Room } from './room.ts';
import { isKeyStatement, isRecordMark } from './statements.ts';
import type { NewKey, Signers } from './types.ts';

/** The signers give up after 10 s; their word is better than our silence. */
const KEY_MS_MAX = 14_000;
const CERTIFY_MS_MAX = 3_000;

type NewKeyOrder = Parameters<Signers['createKey']>[1];

export async function makeKey(room: Room, grant: Parameters<Signers['createKey']>[0], o: NewKeyOrder): Promise<NewKey> {
  const everybody = requireAll(room.link.online());
  const order = room.act(grant, { participants: everybody, ...(o.path === undefined ? {} : { path: o.path }) });
  const outcomes = await room.ask.all(order, everybody, KEY_MS_MAX);
  const given = resultsOf('key', outcomes);
  if (given.length < SIGNERS) throw failureOf(outcomes);

  const made = agreedKey(room, given, { ...o, nullifier: grant.nullifier });
  return made ?? refuse('E_CLUSTER_DISAGREES', 'the signers do not agree on the key they made', { keyId: o.keyId });
}

/** The one key that all of them state, each statement and mark verified; undefined when they do not. */
export function agreedKey(
  room: Pick<Room, 'roster'>,
  given: readonly Given<'key'>[],
  o: NewKeyOrder & { readonly nullifier: Uint8Array },
): NewKey | undefined {
  const [first] = given;
  if (!first || given.length !== SIGNERS) return undefined;
  const { org, keyId, curve, nullifier } = o;
  const { publicKey, epoch, path } = first.result;
  const key = { org, keyId, curve, publicKey, epoch };
  const wallet = { org, recordId: deriveId('wa', nullifier), mark: 'wallet', nullifier } as const;
  const agree = given.every(
    ({ index, result }) =>
      result.keyId === keyId &&
      result.publicKey === publicKey &&
      result.epoch === epoch &&
      result.path === path &&
      result.statement.index === index &&
      isKeyStatement(room.roster, key, result.statement) &&
      (result.mark === undefined || (result.mark.index === index && isRecordMark(room.roster, wallet, result.mark))),
  );
  if (!agree) return undefined;
  return {
    publicKey,
    epoch,
    statements: given.map(({ result }) => result.statement),
    marks: given.flatMap(({ result }) => (result.mark === undefined ? [] : [result.mark])),
    ...(path === undefined ? {} : { path }),
  };
}

/** A signer that misses the certificate asks for nothing: it is brought up when it is next looked at. */
export async function certifyKey(room: Room, keyId: string, statements: readonly KeyStatement[]): Promise<void> {
  if (statements.length !== SIGNERS) throw new WalletError('E_INTERNAL', 'a certificate has five statements');
  await room.ask.all({ kind: 'KeyCertificate', keyId, statements }, room.link.online(), CERTIFY_MS_MAX);
}
