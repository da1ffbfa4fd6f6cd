/**
 * Solana for the indexer, by signatures: a block of Solana is megabytes every 0.4 seconds, and a wallet is in few of them. A wallet's
 * transactions are those that name its address or one of its token accounts, as a payment of tokens names the latter alone.
 */
import { base64 } from '@scure/base';
import { token2022Program, tokenProgram } from '../../families/solana/programs.ts';
import { NodeError, nonsense } from '../errors.ts';
import { type Answer, height as heightOf, list, object, quantity, text } from '../read.ts';
import type { BlockReader, Movement, Nodes, ReadBlock } from '../types.ts';

const commitment = 'confirmed';
/** Nodes write their lists of signatures a little after the block: slots before the last step that are looked at again. */
const LATE_SLOTS = 64;
/** Many times the 32 after which a block is rooted. */
const FINAL_SLOTS = 512;
const SIGNATURES_PAGE = 1_000;
const SIGNATURES_MAX = 100_000;
/** Of one step; a wallet with more catches up in several. */
const TRANSACTIONS_AT_ONCE = 500;
const ADDRESSES_AT_ONCE = 16;
const TOKEN_ACCOUNTS_MAX = 1_000;
/** "Slot was skipped", in a node's own ledger or in the archive behind it; "block not available". */
const noBlock: ReadonlySet<number | undefined> = new Set([-32_007, -32_009, -32_004]);
const kinds: Readonly<Record<string, string>> = {
  [tokenProgram]: 'SplTransfer',
  [token2022Program]: 'Spl2022Transfer',
};
/** In a token account: mint (32), owner (32), amount (8). In a mint: authority (36), supply (8), decimals. */
const at = { amount: 64, decimals: 44 } as const;

export const solanaBlocks: BlockReader = {
  blocksAtOnce: 1_000_000,
  pollMs: 10_000,
  isSparse: true,
  finalAfter: FINAL_SLOTS,

  height: async (one) => heightOf(await one.rpc('getSlot', [{ commitment }]), 'getSlot'),

  hashAt: async (one, slot) => (await headerOf(one, slot))?.hash,

  async read(one, { from, to, watched }) {
    const before = await requireHeader(one, to);
    const found = await signaturesOf(one, [...watched.addresses], from - LATE_SLOTS, to);
    const some = wholeSlots(found, from);
    const last = some.length < found.length ? await requireHeader(one, (some.at(-1) as Found).slot) : before;
    const read: ReadBlock[] = [];
    for (let first = 0; first < some.length; first += ADDRESSES_AT_ONCE)
      read.push(
        ...(await Promise.all(
          some.slice(first, first + ADDRESSES_AT_ONCE).map((each) => blockOf(one, each, watched.addresses)),
        )),
      );
    // Between the lists and the transactions the node may have gone over to another fork.
    if ((await headerOf(one, to))?.hash !== before.hash) nonsense('the chain changed while it was being read');
    return [...read, { ...last, movements: [] }];
  },

  async token(one, mint) {
    const data = await dataOf(one, mint);
    const decimals = data?.[at.decimals];
    return decimals === undefined ? {} : { decimals };
  },

  async tokenBalance(one, mint, address) {
    const held = await tokenAccounts(one, address, { mint }, {});
    return String(held.reduce((sum, { data }) => sum + littleEndian(data.subarray(at.amount, at.amount + 8)), 0n));
  },
};

interface Found {
  readonly signature: string;
  readonly slot: number;
}

/** Undefined where the slot has no block, or the node does not have it (any more). */
async function headerOf(one: Nodes, slot: number): Promise<Omit<ReadBlock, 'movements'> | undefined> {
  try {
    const config = { commitment, transactionDetails: 'none', rewards: false, maxSupportedTransactionVersion: 0 };
    const answer = await one.rpc('getBlock', [slot, config]);
    if (answer === null) return undefined;
    const block = object(answer, 'a block');
    return {
      height: slot,
      hash: text(block['blockhash'], 'blockhash', 64),
      parent: text(block['previousBlockhash'], 'previousBlockhash', 64),
      timeMs: timeOf(block),
    };
  } catch (error) {
    if (error instanceof NodeError && error.code === 'E_NODE_REFUSED' && noBlock.has(error.rpcCode)) return undefined;
    throw error;
  }
}

const requireHeader = async (one: Nodes, slot: number) =>
  (await headerOf(one, slot)) ?? nonsense('the block of a slot that was named is missing');

/** Unix seconds; old blocks may have none. */
const timeOf = (answer: Answer): number =>
  answer['blockTime'] === null || answer['blockTime'] === undefined
    ? 0
    : heightOf(answer['blockTime'], 'blockTime') * 1000;

/** Every transaction of these wallets in these slots, the oldest first. */
async function signaturesOf(
  one: Nodes,
  addresses: readonly string[],
  from: number,
  to: number,
): Promise<readonly Found[]> {
  const found = new Map<string, Found>();
  const ofWallet = async (address: string): Promise<void> => {
    const held = await Promise.all(
      Object.keys(kinds).map((programId) =>
        tokenAccounts(one, address, { programId }, { dataSlice: { offset: 0, length: 0 } }),
      ),
    );
    for (const account of [address, ...held.flat().map(({ address: held }) => held)])
      for (const each of await signatures(one, account, from)) if (each.slot <= to) found.set(each.signature, each);
  };
  for (let first = 0; first < addresses.length; first += ADDRESSES_AT_ONCE)
    await Promise.all(addresses.slice(first, first + ADDRESSES_AT_ONCE).map(ofWallet));
  return [...found.values()].sort((a, b) => a.slot - b.slot);
}

/** Of one account, in the order of the chain. */
async function signatures(one: Nodes, account: string, from: number): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (let before: string | undefined; ; ) {
    const page = list(
      await one.rpc('getSignaturesForAddress', [
        account,
        { commitment, limit: SIGNATURES_PAGE, ...(before === undefined ? {} : { before }) },
      ]),
      'getSignaturesForAddress',
    ).map((each) => {
      const fields = object(each, 'a signature');
      return { signature: text(fields['signature'], 'signature', 100), slot: heightOf(fields['slot'], 'slot') };
    });
    found.push(...page.filter(({ slot }) => slot >= from));
    if (found.length > SIGNATURES_MAX) return nonsense('an account has more transactions than can be read at once');
    const oldest = page.at(-1);
    if (oldest === undefined || page.length < SIGNATURES_PAGE || oldest.slot < from) return found.reverse();
    if (oldest.signature === before) return nonsense('a list of signatures has no end');
    before = oldest.signature;
  }
}

/** As many as one step takes, and those that are late; without cutting through a slot. */
function wholeSlots(found: readonly Found[], from: number): readonly Found[] {
  const fresh = found.filter(({ slot }) => slot >= from);
  const next = fresh[TRANSACTIONS_AT_ONCE];
  if (next === undefined) return found;
  const isCut = fresh.some(({ slot }) => slot < next.slot);
  return found.filter(({ slot }) => (isCut ? slot < next.slot : slot <= next.slot));
}

async function blockOf(one: Nodes, { signature, slot }: Found, watched: ReadonlySet<string>): Promise<ReadBlock> {
  const config = { commitment, encoding: 'json', maxSupportedTransactionVersion: 0 };
  const answer = await one.rpc('getTransaction', [signature, config]);
  // Its list had it: the rest of it comes a little later.
  if (answer === null) return nonsense('a transaction that was listed is missing');
  const fields = object(answer, 'a transaction');
  if (heightOf(fields['slot'], 'slot') !== slot) return nonsense('a transaction is in another slot than was listed');
  return {
    height: slot,
    hash: '',
    parent: '',
    timeMs: timeOf(fields),
    movements: movementsOf(signature, fields, watched),
  };
}

/** By what each account had before and after; a transaction that failed moved nothing but its fee. */
function movementsOf(tx: string, fields: Answer, watched: ReadonlySet<string>): readonly Movement[] {
  const meta = object(fields['meta'], 'meta');
  if (meta['err'] !== null && meta['err'] !== undefined) return [];
  const { message } = object(fields['transaction'], 'a transaction') as { message?: unknown };
  const loaded = object(meta['loadedAddresses'] ?? {}, 'loadedAddresses');
  const keys = [object(message, 'message')['accountKeys'], loaded['writable'] ?? [], loaded['readonly'] ?? []].flatMap(
    (each) => list(each, 'accounts').map((key) => text(key, 'an account', 64)),
  );
  const fee = quantity(meta['fee'], 'fee');
  const [payer = ''] = keys;
  const movements = [...nativeMovements(tx, keys, meta, fee, watched), ...tokenMovements(tx, meta, watched)];
  // With the first movement of whoever paid it.
  const first = movements.findIndex(({ address }) => address === payer);
  return movements.map((each, place) => (place === first ? { ...each, fee: String(fee) } : each));
}

function nativeMovements(
  tx: string,
  keys: readonly string[],
  meta: Answer,
  fee: bigint,
  watched: ReadonlySet<string>,
): readonly Movement[] {
  const [before, after] = ['preBalances', 'postBalances'].map((name) =>
    list(meta[name], name).map((each) => quantity(each, name)),
  ) as [bigint[], bigint[]];
  if (before.length !== keys.length || after.length !== keys.length)
    return nonsense('a transaction has not as many balances as accounts');
  const changes = new Map(
    keys.map((key, index) => [key, (after[index] ?? 0n) - (before[index] ?? 0n) + (index === 0 ? fee : 0n)]),
  );
  return moved(changes, watched).map((each) => ({ tx, place: 'value', kind: 'NativeTransfer', asset: '', ...each }));
}

function tokenMovements(tx: string, meta: Answer, watched: ReadonlySet<string>): readonly Movement[] {
  const changes = new Map<string, { readonly kind: string; readonly of: Map<string, bigint> }>();
  for (const [name, sign] of [
    ['preTokenBalances', -1n],
    ['postTokenBalances', 1n],
  ] as const)
    for (const each of list(meta[name] ?? [], name)) {
      const { mint, owner, programId, uiTokenAmount } = object(each, 'a balance of tokens') as Answer;
      // Nodes of long ago did not say whose an account is.
      if (owner === undefined) continue;
      const kind = kinds[text(programId ?? tokenProgram, 'programId', 64)];
      if (kind === undefined) continue;
      const amount = quantity(object(uiTokenAmount, 'uiTokenAmount')['amount'], 'amount');
      const asset = text(mint, 'mint', 64);
      const change = changes.get(asset) ?? { kind, of: new Map<string, bigint>() };
      const whose = text(owner, 'owner', 64);
      change.of.set(whose, (change.of.get(whose) ?? 0n) + sign * amount);
      changes.set(asset, change);
    }
  return [...changes].flatMap(([asset, { kind, of }]) =>
    moved(of, watched).map((each) => ({ tx, place: `token ${asset}`, kind, asset, ...each })),
  );
}

/** The other side is told where there is only one. */
function moved(changes: ReadonlyMap<string, bigint>, watched: ReadonlySet<string>) {
  const all = [...changes].filter(([, change]) => change !== 0n);
  return all
    .filter(([address]) => watched.has(address))
    .map(([address, change]) => {
      const isOut = change < 0n;
      const [other, ...more] = all.filter(([, theirs]) => theirs < 0n !== isOut);
      const [from, to] = isOut ? [address, other?.[0]] : [other?.[0], address];
      const sides = more.length === 0 ? { from, to } : isOut ? { from } : { to };
      return {
        address,
        direction: isOut ? ('Out' as const) : ('In' as const),
        value: String(isOut ? -change : change),
        ...(sides.from === undefined ? {} : { from: sides.from }),
        ...('to' in sides && sides.to !== undefined ? { to: sides.to } : {}),
      };
    });
}

async function tokenAccounts(one: Nodes, owner: string, filter: object, config: object) {
  const answer = await one.rpc('getTokenAccountsByOwner', [
    owner,
    filter,
    { commitment, encoding: 'base64', ...config },
  ]);
  const found = list(object(answer, 'getTokenAccountsByOwner')['value'], 'getTokenAccountsByOwner');
  if (found.length > TOKEN_ACCOUNTS_MAX) return nonsense(`more than ${TOKEN_ACCOUNTS_MAX} token accounts`);
  return found.map((each) => {
    const { pubkey, account } = object(each, 'a token account') as Answer;
    return { address: text(pubkey, 'pubkey', 64), data: bytesOf(object(account, 'an account')['data']) };
  });
}

async function dataOf(one: Nodes, address: string): Promise<Uint8Array | undefined> {
  const answer = object(
    await one.rpc('getAccountInfo', [address, { commitment, encoding: 'base64' }]),
    'getAccountInfo',
  );
  return answer['value'] === null ? undefined : bytesOf(object(answer['value'], 'an account')['data']);
}

function bytesOf(data: unknown): Uint8Array {
  const [encoded] = list(data, 'data');
  try {
    return base64.decode(text(encoded, 'data', 20_000_000));
  } catch {
    return nonsense('the data of an account are not base64');
  }
}

const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
