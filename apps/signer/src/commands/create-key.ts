/** POST /keys and POST /wallets without a key: five signers generate one, or compute a child of one they hold. */

import { deriveId } from '@holdfast/authority/ids';
import type { Scheme as ChainScheme } from '@holdfast/chains/families';
import { accepts, network } from '@holdfast/chains/networks';
import type { Command, Result } from '@holdfast/cluster/commands';
import { type KeyKind, keyKindOf, type Scheme } from '@holdfast/contract/types';
import { fromHex } from '@holdfast/contract/wire';
import type { CurveName } from '@holdfast/crypto/curves';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import type { ProtocolName } from '@holdfast/mpc/runtime';
import { THRESHOLD } from '../cluster-view/index.ts';
import type { ConsentedAct } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import { requestHash, testAttempt } from './attempt.ts';
import type { Context } from './context.ts';
import { createChild } from './create-child.ts';
import { ownerOfNew } from './owners.ts';
import { checkParticipants } from './participants.ts';
import { runKey } from './run-key.ts';

type Act = Extract<Command, { kind: 'Act' }>;

export interface DeriveFrom {
  readonly keyId: string;
  readonly path?: string;
}

/** What the body of a creation may say about its key; the schema was checked by consent. */
export interface KeyBody {
  readonly network?: string;
  readonly scheme?: string;
  readonly curve?: string;
  readonly masterKey?: boolean;
  readonly deriveFrom?: DeriveFrom;
  readonly storeId?: unknown;
  readonly delegateTo?: unknown;
  readonly delayDelegation?: boolean;
  readonly signingKey?: {
    readonly scheme?: string;
    readonly curve?: string;
    readonly storeId?: unknown;
    readonly deriveFrom?: DeriveFrom;
  };
}

export interface SupportedKind {
  readonly scheme: Scheme;
  readonly curve: CurveName;
  readonly protocol: ProtocolName;
}

export async function createKey(ctx: Context, act: ConsentedAct, command: Act): Promise<Result> {
  const body = act.body as KeyBody;
  checkSupported(body);
  const deriveFrom = body.deriveFrom ?? body.signingKey?.deriveFrom;
  if (deriveFrom !== undefined) return createChild(ctx, act, command, { body, deriveFrom });
  check(command.path === undefined, 'E_COMMAND', 'a key that is not derived has no path');
  const kind = kindOf(body);
  const masterKey = body.masterKey === true;
  // What answers derivations must do nothing else, and its children would sign (attack row 52).
  check(!(masterKey && kind.scheme === 'DH'), 'E_HD', 'a key of scheme DH has no children');
  const purpose = kind.scheme === 'DH' ? 'derive' : masterKey ? 'master' : 'sign';
  const keyId = deriveId('key', act.nullifier);
  const owner = ownerOfNew(act, body);
  const wallet =
    body.network === undefined ? undefined : { walletId: deriveId('wa', act.nullifier), network: body.network };
  const digest = sha256(
    enc(
      'holdfast/create/v1',
      item.text(keyId),
      item.text(kind.scheme),
      item.text(kind.curve),
      item.text(wallet?.network ?? ''),
      ...(purpose === 'sign' ? [] : [item.text(purpose)]),
      // With it in the digest a run makes a key only where all five know whose it will be.
      ...(owner === undefined ? [] : [item.text('owner'), item.text(owner)]),
    ),
  );
  testAttempt(ctx, act, digest);
  checkParticipants(ctx, command.participants, ctx.cluster.roster.signers.length);
  return runKey(ctx, {
    act,
    keyId,
    kind,
    purpose,
    ...(owner === undefined ? {} : { owner }),
    digest,
    imported: false,
    ...(wallet === undefined ? {} : { wallet }),
    protocol: 'dkg',
    requestHash: requestHash(act, { digest }),
    runNonce: fromHex(command.runNonce),
    machine: (run, statement) =>
      ctx.machines.dkg(run, {
        protocol: kind.protocol,
        n: ctx.cluster.roster.signers.length,
        t: THRESHOLD,
        statement,
        masterKey,
      }),
  });
}

function checkSupported(body: KeyBody): void {
  check(
    !(body.masterKey === true && body.deriveFrom !== undefined),
    'E_HD',
    'a key is a master key or a derived one, never both',
  );
  check(
    body.storeId === undefined && body.signingKey?.storeId === undefined,
    'E_KEY_STORE',
    'there is one key store; leave storeId out',
  );
}

/** At key level scheme and curve are given; at wallet level the network's first fitting pair is meant. */
function kindOf(body: KeyBody): SupportedKind {
  if (body.network === undefined) return supported(keyKindOf(body.scheme ?? '', body.curve ?? ''));
  const { scheme, curve } = body.signingKey ?? {};
  const fitting = network(body.network).schemes.find(
    (each) => (scheme === undefined || each.scheme === scheme) && (curve === undefined || each.curve === curve),
  );
  check(fitting !== undefined, 'E_KEY_NETWORK', 'the key does not fit the network');
  return supported(keyKindOf(fitting.scheme, fitting.curve));
}

export function supported(kind: KeyKind | undefined): SupportedKind {
  const protocols: readonly string[] = ['CGGMP21', 'FROST', 'FROST_BITCOIN', 'GLOW20_DH'];
  if (kind === undefined || !protocols.includes(kind.protocol))
    refuse('E_KEY_KIND', 'this scheme, curve and protocol do not go together');
  return { scheme: kind.scheme, curve: kind.curve, protocol: kind.protocol as ProtocolName };
}

/** A wallet binds a key to a network that takes such keys. */
export function checkNetwork(name: string, key: { scheme: string; curve: CurveName }): void {
  check(
    accepts(network(name), { scheme: key.scheme as ChainScheme, curve: key.curve }),
    'E_KEY_NETWORK',
    'the key does not fit the network',
  );
}
