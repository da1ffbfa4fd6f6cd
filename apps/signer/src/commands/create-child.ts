/** POST /keys and POST /wallets with deriveFrom: all five compute the child, agree on it, and keep nothing but its path. */
import { deriveId } from '@holdfast/authority/ids';
import type { Command, Result } from '@holdfast/cluster/commands';
import { parseDerivationPath, type Scheme } from '@holdfast/contract/types';
import { fromHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import { childShare } from '@holdfast/mpc/hd';
import type { KeyShare } from '@holdfast/mpc/runtime';
import type { ConsentedAct } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import { wipeShare } from '../vault/index.ts';
import { requestHash, testAttempt } from './attempt.ts';
import type { Context } from './context.ts';
import { checkNetwork, type DeriveFrom, type KeyBody } from './create-key.ts';
import { ownerOfNew } from './owners.ts';
import { checkParticipants, partiesOf } from './participants.ts';
import { checkNew, keyOf, type UsableKey } from './records.ts';
import { runKey } from './run-key.ts';

export async function createChild(
  ctx: Context,
  act: ConsentedAct,
  command: Extract<Command, { kind: 'Act' }>,
  o: { readonly body: KeyBody; readonly deriveFrom: DeriveFrom },
): Promise<Result> {
  const { body } = o;
  const master = masterOf(ctx, act, o.deriveFrom.keyId);
  checkKind(body, master);
  const path = pathOf(o.deriveFrom, command);
  const keyId = deriveId('key', act.nullifier);
  const owner = ownerOfNew(act, body);
  const wallet =
    body.network === undefined ? undefined : { walletId: deriveId('wa', act.nullifier), network: body.network };
  const digest = sha256(
    enc(
      'holdfast/child/v1',
      item.text(keyId),
      item.text(master.keyId),
      item.text(path.text),
      item.text(wallet?.network ?? ''),
      ...(owner === undefined ? [] : [item.text('owner'), item.text(owner)]),
    ),
  );
  testAttempt(ctx, act, digest);
  checkParticipants(ctx, command.participants, ctx.cluster.roster.signers.length);

  const { share, record } = ctx.store.keys.open(master.keyId, master.activeEpoch);
  try {
    checkNew(ctx, act, { publicKey: publicKeyAt(share, path.steps), keyId });
    return await runKey(ctx, {
      act,
      keyId,
      kind: { scheme: master.scheme as Scheme, curve: master.curve, protocol: master.protocol },
      purpose: 'child',
      ...(owner === undefined ? {} : { owner }),
      derivedFrom: { keyId: master.keyId, path: path.text },
      digest,
      imported: false,
      ...(wallet === undefined ? {} : { wallet }),
      protocol: 'hd',
      from: {
        parties: partiesOf(ctx, { points: record.points, participants: command.participants }),
        self: share.index,
        key: { epoch: share.epoch, publicKey: master.publicKey },
      },
      requestHash: requestHash(act, { digest }),
      runNonce: fromHex(command.runNonce),
      machine: (run, statement) => ctx.machines.childKey(run, { master: share, path: path.steps, statement }),
    });
  } finally {
    wipeShare(share);
  }
}

/** A key of the caller's own organisation that was made a master and still is one. */
function masterOf(ctx: Context, act: ConsentedAct, keyId: string): UsableKey {
  const key = keyOf(ctx, act, keyId);
  check(key.purpose === 'master', 'E_HD_MASTER', 'deriveFrom.keyId does not name a master key');
  check(!key.exported, 'E_HD_MASTER', 'the master key is exported and has no new children');
  check(!key.archived, 'E_HD_MASTER', 'the master key is archived and has no new children');
  return key;
}

/** A child has its master's scheme and curve: one secret in two protocols is what attack row 52 lives on. */
function checkKind(body: KeyBody, master: UsableKey): void {
  const { scheme, curve } = body.network === undefined ? body : (body.signingKey ?? {});
  const fits = (scheme ?? master.scheme) === master.scheme && (curve ?? master.curve) === master.curve;
  check(fits, 'E_KEY_KIND', `the master key is ${master.scheme} on ${master.curve}, and so are its children`);
  if (body.network !== undefined) checkNetwork(body.network, master);
}

/**
 * The path the user signed. Only where the user named none does the api choose one, the next free: one step, the same at
 * all five because it is in the execution id. Under somebody else's key it can choose nothing.
 */
function pathOf(
  { path }: DeriveFrom,
  command: Extract<Command, { kind: 'Act' }>,
): { readonly text: string; readonly steps: readonly number[] } {
  check(path === undefined || command.path === undefined, 'E_COMMAND', 'the request names its own path');
  const text = path ?? command.path;
  const steps = text === undefined ? undefined : parseDerivationPath(text);
  if (text === undefined || steps === undefined)
    refuse('E_HD_PATH', 'deriveFrom.path must have 1 to 10 unhardened components below 2^31');
  check(path !== undefined || steps.length === 1, 'E_COMMAND', 'a path that nobody named has one step');
  return { text, steps };
}

function publicKeyAt(master: KeyShare, steps: readonly number[]): Uint8Array {
  const curve = curveOf(master.curve);
  const child = childShare(curve, master, steps);
  wipeShare(child);
  return curve.encodePoint(child.publicKey);
}
