/** The organisation's chain at the signers: show an entry, commit it, bring up who missed it (rulings 2). */
import { genesisHash } from '@holdfast/authority/genesis';
import { orgIdOf } from '@holdfast/authority/ids';
import type { Ack, Assertion, Disregard, Withdrawal } from '@holdfast/authority/types';
import { WalletError } from '@holdfast/contract/errors';
import type { CatchUp } from './catch-up.ts';
import { failureOf, refusalsOf, resultsOf } from './outcomes.ts';
import { SIGNERS } from './participants.ts';
import type { GrantForSigners, Room } from './room.ts';
import { isAck, isDisregard, isWithdrawal } from './statements.ts';
import type { CertifiedEntry, GovernOutcome, HeadAt, Order, Outcome, SignerHead } from './types.ts';

const ENTRY_MS_MAX = 5_000;
const HEADS_MS_MAX = 2_000;

export async function genesis(room: Room, text: string, proof: Assertion): Promise<GovernOutcome> {
  const outcomes = await room.ask.all({ kind: 'Genesis', genesis: text, proof }, room.link.online(), ENTRY_MS_MAX);
  return gather(room, orgIdOf(genesisHash(text)), outcomes);
}

export async function govern(
  room: Room,
  catchUp: CatchUp,
  org: string,
  grant: GrantForSigners,
): Promise<GovernOutcome> {
  const order = room.act(grant, { participants: [] });
  return gather(room, org, await askUpToDate(room, catchUp, { org, order, indices: room.link.online() }));
}

/** The last is what a signer says that has been told to trust the organisation a moment ago: it knows nobody of it. */
const BEHIND: ReadonlySet<string> = new Set(['E_STALE_HEAD', 'E_NOT_FOUND', 'E_CREDENTIAL_UNKNOWN']);

/** A signer that is behind is brought up and asked once more: its refusal says nothing about the order. */
async function askUpToDate(
  room: Room,
  catchUp: CatchUp,
  { org, order, indices }: { readonly org: string; readonly order: Order; readonly indices: readonly number[] },
): Promise<Outcome[]> {
  const first = await room.ask.all(order, indices, ENTRY_MS_MAX);
  const behind = refusalsOf(first)
    .filter(({ refusal }) => BEHIND.has(refusal.code))
    .map(({ index }) => index);
  const again = await Promise.all(
    behind.map(async (index) =>
      (await catchUp.entriesOf(index, org)) ? room.ask.one(order, index, ENTRY_MS_MAX) : undefined,
    ),
  );
  const second = again.filter((outcome) => outcome !== undefined);
  const replaced = new Set(second.map(({ index }) => index));
  return [...first.filter(({ index }) => !replaced.has(index)), ...second];
}

export async function commit(room: Room, catchUp: CatchUp, org: string, acks: readonly Ack[]): Promise<void> {
  const outcomes = await room.ask.all({ kind: 'Commit', org, acks }, room.link.online(), ENTRY_MS_MAX);
  for (const { index, refusal } of refusalsOf(outcomes)) {
    room.env.log('commit.refused', { org, signer: index, code: refusal.code });
    // It did not acknowledge the entry, so it has to be shown it; what it misses besides is looked for within a minute.
    if (BEHIND.has(refusal.code)) void catchUp.everything(index);
  }
}

export async function heads(room: Room, org: string): Promise<readonly SignerHead[]> {
  const outcomes = await room.ask.all({ kind: 'Heads' }, room.link.online(), HEADS_MS_MAX);
  return resultsOf('heads', outcomes).flatMap(({ index, result }) =>
    result.heads
      .filter((each) => each.org === org)
      .map(({ height, head, tail, silent }) => ({
        index,
        height,
        head,
        ...(tail === undefined ? {} : { tail }),
        ...(silent === undefined ? {} : { silent }),
      })),
  );
}

export async function withdraw(
  room: Room,
  catchUp: CatchUp,
  at: HeadAt,
  indices: readonly number[],
): Promise<readonly Withdrawal[]> {
  const order = { kind: 'Withdraw', ...at } as const;
  const outcomes = await askUpToDate(room, catchUp, { org: at.org, order, indices });
  return resultsOf('withdrawal', outcomes).flatMap(({ index, result: { withdrawal } }) =>
    withdrawal.index === index && isWithdrawal(room.roster, at, withdrawal) ? [withdrawal] : [],
  );
}

/** The signer itself first, because nobody else says it unasked; then the others; then it learns what they said. */
export async function disregard(
  room: Room,
  at: { readonly org: string; readonly height: number; readonly about: number },
): Promise<readonly Disregard[] | undefined> {
  const ask = async (by: readonly Disregard[], indices: readonly number[]) =>
    resultsOf('disregard', await room.ask.all({ kind: 'Disregard', ...at, by }, indices, ENTRY_MS_MAX)).flatMap(
      ({ index, result: { disregard: given } }) =>
        given.index === index && isDisregard(room.roster, at, given) ? [given] : [],
    );
  const own = await ask([], [at.about]);
  if (own.length === 0) return undefined;
  const others = room.link.online().filter((index) => index !== at.about);
  const all = [...own, ...(await ask(own, others))];
  if (all.length < SIGNERS) return undefined;
  await ask(all, [at.about]);
  return all;
}

export async function release(
  room: Room,
  at: HeadAt,
  shown: { readonly withdrawals: readonly Withdrawal[]; readonly disregards: readonly Disregard[] },
  indices: readonly number[],
): Promise<readonly number[]> {
  const { withdrawals, disregards } = shown;
  const order = { kind: 'Release', ...at, withdrawals, ...(disregards.length === 0 ? {} : { disregards }) } as const;
  const outcomes = await room.ask.all(order, indices, ENTRY_MS_MAX);
  return resultsOf('done', outcomes).map(({ index }) => index);
}

export async function catchUpSigner(
  room: Room,
  org: string,
  index: number,
  entries: readonly CertifiedEntry[],
): Promise<void> {
  const outcome = await room.ask.one({ kind: 'CatchUp', org, entries }, index, ENTRY_MS_MAX);
  if ('lost' in outcome || !outcome.reply.ok) throw failureOf([outcome]);
}

/** Those that verify, of the head that most signers acknowledged. */
function gather(room: Room, org: string, outcomes: readonly Outcome[]): GovernOutcome {
  const valid = resultsOf('ack', outcomes).flatMap(({ index, result: { ack } }) =>
    ack.index === index && ack.org === org && isAck(room.roster, ack) ? [ack] : [],
  );
  const groups = new Map<string, Ack[]>();
  for (const ack of valid) {
    const key = `${ack.height}/${ack.head}`;
    groups.set(key, [...(groups.get(key) ?? []), ack]);
  }
  const [acks = []] = [...groups.values()].sort((a, b) => b.length - a.length);
  if (groups.size > 1) room.env.log('acks.disagree', { org, heads: groups.size });
  const refusals = refusalsOf(outcomes).map(({ index, refusal: { code, message } }) => ({ index, code, message }));
  const silent = outcomes.flatMap((outcome) =>
    'lost' in outcome
      ? [{ index: outcome.index, code: 'E_CLUSTER_TIMEOUT', message: new WalletError('E_CLUSTER_TIMEOUT').message }]
      : [],
  );
  return { acks, refusals: [...refusals, ...silent] };
}
