/** Pending shares: what they wait for, and the certificate that makes them keys (rulings 15). */
import type { Command, Result } from '@holdfast/cluster/commands';
import { check } from '../refusal/index.ts';
import type { Context } from './context.ts';
import { activate, isCertificate, ownStatement } from './run-key.ts';

const PENDING_MAX = 4096;

/** Five statements over one pending share of this signer. Idempotent. */
export function keyCertificate(ctx: Context, command: Extract<Command, { kind: 'KeyCertificate' }>): Result {
  const { keyId, statements } = command;
  const { keys } = ctx.store;
  const key = keys.key(keyId);
  check(key !== undefined, 'E_NOT_FOUND', 'key not found');
  for (const epoch of keys.statedEpochs(keyId)) {
    const record = keys.stated(keyId, epoch);
    if (record === undefined || !isCertificate(ctx, record, statements)) continue;
    activate(ctx, { keyId, epoch });
    return { t: 'done' };
  }
  check(false, 'E_ACKS', 'the statements are not those of all five signers over a share this signer holds');
  return { t: 'done' };
}

/** The acknowledgements of shares that wait for a certificate, made again. */
export function pendingKeys(ctx: Context): Result {
  const { keys } = ctx.store;
  const list = keys
    .pendingEpochs()
    .slice(0, PENDING_MAX)
    .flatMap(({ keyId, epoch }) => {
      const record = keys.key(keyId)?.activeEpoch === undefined ? keys.stated(keyId, epoch) : undefined;
      return record === undefined ? [] : [{ keyId, statement: ownStatement(ctx, record) }];
    });
  return { t: 'pending', keys: list };
}
