/**
 * One command in, one reply out. Every byte of a command is hostile; every refusal is a stable code and a sentence,
 * and the log gets ids, the operation, the outcome and the time it took: never a body.
 */
import type { Command, Reply, Result } from '@holdfast/cluster/commands';
import { backends } from '@holdfast/crypto/curves';
import { consentTo } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import { asRefusal } from './as-refusal.ts';
import { auditShares } from './audit.ts';
import { recordCatchUp } from './catch-up.ts';
import { keyCertificate, pendingKeys } from './certificate.ts';
import type { Context } from './context.ts';
import { createKey } from './create-key.ts';
import { derive } from './derive.ts';
import { epochConfirmed, epochs } from './epochs.ts';
import { exportKey } from './export-key.ts';
import { signGroup } from './group.ts';
import { importKey } from './import-key.ts';
import { made } from './made.ts';
import { changeRecord } from './records-acts.ts';
import { refreshKey } from './refresh.ts';
import { keyRecord, reshareKey } from './reshare.ts';
import { sign } from './sign.ts';

export const VERSION = '0.1.0';

/** Answers every command; never throws and never rejects. */
export async function answer(ctx: Context, command: Command): Promise<Reply> {
  const { id, kind } = command;
  const started = ctx.env.now();
  const facts: Record<string, unknown> = { command: id, kind };
  try {
    const result = await carryOut(ctx, command, facts);
    count(ctx, 'commands_done');
    ctx.env.log('command.done', { ...facts, ms: ctx.env.now() - started });
    return { v: 1, id, ok: true, result };
  } catch (error) {
    const refusal = asRefusal(ctx, error);
    count(ctx, 'commands_refused');
    ctx.env.log('command.refused', { ...facts, code: refusal.code, ms: ctx.env.now() - started });
    return { v: 1, id, ok: false, error: refusal };
  }
}

async function carryOut(ctx: Context, command: Command, facts: Record<string, unknown>): Promise<Result> {
  switch (command.kind) {
    case 'Act':
      return act(ctx, command, facts);
    case 'Group':
      checkVotes(ctx);
      return signGroup(ctx, command, facts);
    case 'Genesis':
      checkVotes(ctx);
      return { t: 'ack', ack: ctx.organisations.found(command.genesis, command.proof) };
    case 'Commit':
      checkAwake(ctx);
      ctx.organisations.commit(command.org, command.acks);
      return { t: 'done' };
    case 'CatchUp':
      checkAwake(ctx);
      ctx.organisations.catchUp(command.org, command.entries);
      return { t: 'done' };
    case 'Withdraw':
      checkVotes(ctx);
      return { t: 'withdrawal', withdrawal: ctx.organisations.withdraw(command) };
    case 'Release':
      checkVotes(ctx);
      ctx.organisations.release(command, command.withdrawals, command.disregards);
      return { t: 'done' };
    case 'Disregard':
      checkVotes(ctx);
      return { t: 'disregard', disregard: ctx.organisations.disregard(command, command.by) };
    case 'KeyCertificate':
      checkAwake(ctx);
      return keyCertificate(ctx, command);
    case 'RecordCatchUp':
      checkAwake(ctx);
      return recordCatchUp(ctx, command);
    case 'Made':
      checkAwake(ctx);
      return made(ctx, command);
    case 'Refresh':
      checkVotes(ctx);
      return refreshKey(ctx, command);
    case 'EpochConfirmed':
      checkAwake(ctx);
      return epochConfirmed(ctx, command);
    case 'Epochs':
      return epochs(ctx, command);
    case 'Reshare':
      checkVotes(ctx);
      return reshareKey(ctx, command);
    case 'KeyRecord':
      return keyRecord(ctx, command);
    case 'Acks':
      return { t: 'acks', acks: ctx.organisations.acksFrom(command.org, command.from) };
    case 'Audit':
      checkAwake(ctx);
      return auditShares(ctx, command);
    case 'ImportKey':
      checkAwake(ctx);
      return ctx.importKeys.current();
    case 'Heads':
      return { t: 'heads', heads: ctx.organisations.heads() };
    case 'Pending':
      return pendingKeys(ctx);
    case 'Status':
      return { t: 'status', status: statusOf(ctx) };
    default:
      return unknownCommand(command);
  }
}

/** security-model.md 2.6 (h): consent first, and only then what the request asks for. */
async function act(
  ctx: Context,
  command: Extract<Command, { kind: 'Act' }>,
  facts: Record<string, unknown>,
): Promise<Result> {
  checkVotes(ctx); // Step 1.
  // The api lost our answer: the entry is here already, checked when it came.
  const again = ctx.organisations.acknowledgedAlready(command);
  if (again !== undefined) return { t: 'ack', ack: again };
  const consented = consentTo(ctx, command);
  facts['operation'] = consented.operation;
  facts['org'] = consented.org;
  switch (consented.effect) {
    case 'governance':
      return { t: 'ack', ack: ctx.organisations.propose(consented) };
    case 'createKey':
      return createKey(ctx, consented, command);
    case 'importKey':
      return importKey(ctx, consented, command);
    case 'sign':
      return sign(ctx, consented, command);
    case 'derive':
      return derive(ctx, consented, command);
    case 'exportKey':
      return exportKey(ctx, consented);
    case 'archive':
    case 'wallet':
    case 'delegate':
      return changeRecord(ctx, consented);
  }
}

function count(ctx: Context, name: string): void {
  ctx.counters[name] = (ctx.counters[name] ?? 0) + 1;
}

function checkAwake(ctx: Context): void {
  check(!ctx.isFrozen(), 'E_SEALED', 'this signer is frozen by its operator');
  const damagedAt = ctx.store.journal.damagedAt();
  if (damagedAt !== undefined) refuse('E_SEALED', damagedJournal(damagedAt));
}

export function damagedJournal(row: number): string {
  return `the journal of this signer is damaged at row ${row}; its operator has been told`;
}

/** For everything but catching up: a restored signer contributes nothing before it knows what it has forgotten. */
function checkVotes(ctx: Context): void {
  checkAwake(ctx);
  check(
    !ctx.isRejoining(),
    'E_RESTORED',
    'this signer was restored from a backup and waits for the others to tell it what it missed',
  );
}

function statusOf(ctx: Context) {
  return {
    index: ctx.cluster.index,
    version: VERSION,
    backends: backends(),
    keys: ctx.store.keys.count(),
    prssSession: ctx.sessions.current(),
    peersOnline: ctx.peers.online(),
    aux: ctx.auxiliary.status(),
  };
}

function unknownCommand(command: never): never {
  throw new Error(`bug: a command that passed the codec is unknown: ${typeof command}`);
}
