/**
 * Reads chains block by block and keeps what they did to our wallets: docs/specs/indexer.md. Everything of one step is
 * written in one transaction with the cursor, so that a step happens once or not at all.
 */
import { type BlockReader, NodeError, type Nodes, type OwnOutput, type ReadBlock } from '@holdfast/chains/rpc';
import type { Env } from '@holdfast/contract/types';
import { type Database, inTransaction } from '@holdfast/storage/database';
import {
  type Cursor,
  findCursor,
  findTokens,
  insertBlocks,
  insertMovements,
  insertOutputs,
  insertTokens,
  listBlocks,
  listUnspentOutputs,
  listWatchedWallets,
  moveCursor,
  type NewMovement,
  rollBack,
  spendOutput,
  type TokenRow,
  type WatchedWallet,
} from '@holdfast/storage/records';
import type { Chains } from '../chains/index.ts';

export interface Indexer {
  /** One step of one network: at most `blocksAtOnce` blocks. True where more are waiting. Throws NodeError. */
  step(network: string): Promise<boolean>;
  /** Steps by itself from now on, each configured network at its own pace. */
  start(): void;
  stop(): Promise<void>;
}

/** Block hashes kept of each network: how far back a reorganisation is followed. */
const BLOCKS_KEPT = 2_048;
/** Wallets of one look: several creations may commit in another order than they were numbered in. */
const LOOK_BACK = 256;
const WALLETS_AT_ONCE = 5_000;
/** Between two looks for networks that were configured, and after a step that failed. */
const IDLE_MS = 5_000;

interface Watching {
  /** By address; after an export and an import anew, two wallets may have one address. */
  readonly wallets: Map<string, WatchedWallet[]>;
  readonly addresses: Set<string>;
  seq: number;
}

export function createIndexer(o: {
  readonly env: Pick<Env, 'now' | 'setTimer' | 'log' | 'point'>;
  readonly db: Database;
  readonly chains: Chains;
}): Indexer {
  const { env, db, chains } = o;
  const watching = new Map<string, Watching>();

  async function step(network: string): Promise<boolean> {
    const { nodes, blocks, indexFrom } = await chains.connect(network);
    if (blocks === undefined) return false;
    // A step is one conversation: two nodes that are not equally far would look like a reorganisation.
    return nodes.one((one) => stepWith({ one, blocks, network, indexFrom }));
  }

  async function stepWith(of: {
    one: Nodes;
    blocks: BlockReader;
    network: string;
    indexFrom: number | undefined;
  }): Promise<boolean> {
    const { one, blocks, network, indexFrom } = of;
    const watched = await look(network);
    const head = await blocks.height(one);
    const found = await findCursor(db.kysely, network);
    const cursor = found ?? (await begin(of, indexFrom ?? head));
    if (cursor === undefined) return false;
    if (!(await isOnChain(of, cursor, head))) {
      await returnToFork(of, cursor, head);
      return true;
    }
    if (cursor.height >= head) return false;
    // Without a wallet there is nothing to find, and blocks that are older than every wallet need no reading.
    if (watched.addresses.size === 0) return skipTo(of, cursor, head);

    const to = Math.min(head, cursor.height + blocks.blocksAtOnce);
    const read = await readFor(of, cursor, to);
    const tokens = await newTokens(of, read);
    env.point('indexer.read');
    await write(of, cursor, read, tokens);
    env.point('indexer.written');
    return (read.at(-1)?.height ?? to) < head;
  }

  /** Wallets that came since the last look. */
  async function look(network: string): Promise<Watching> {
    const known = watching.get(network) ?? { wallets: new Map(), addresses: new Set(), seq: 0 };
    watching.set(network, known);
    let from = Math.max(0, known.seq - LOOK_BACK);
    for (;;) {
      const rows: readonly WatchedWallet[] = await listWatchedWallets(db.kysely, {
        network,
        from,
        limit: WALLETS_AT_ONCE,
      });
      for (const row of rows) {
        const same: WatchedWallet[] = known.wallets.get(row.address) ?? [];
        if (same.some((each) => each.id === row.id)) continue;
        known.wallets.set(row.address, [...same, row]);
        known.addresses.add(row.address);
      }
      const last = rows.at(-1);
      if (last === undefined) return known;
      known.seq = Math.max(known.seq, last.seq);
      if (rows.length < WALLETS_AT_ONCE) return known;
      from = last.seq + 1;
    }
  }

  async function begin(of: { one: Nodes; blocks: BlockReader; network: string }, from: number) {
    const { one, blocks, network } = of;
    const height = Math.max(-1, from - 1);
    const found = height < 0 ? '' : await blocks.hashAt(one, height);
    if (found === undefined && blocks.isSparse !== true) return undefined;
    // A height without a block, where there are such, contradicts nothing.
    const hash = found ?? '';
    const to = { height, hash };
    const isMine = await inTransaction(db, async (tx) => {
      const moved = await moveCursor(tx, { network, from: undefined, to, time: now() });
      if (moved && hash !== '') await insertBlocks(tx, network, [to], { keep: BLOCKS_KEPT });
      return moved;
    });
    return isMine ? to : findCursor(db.kysely, network);
  }

  /** A node that is only behind has no block at the cursor; the newest it has must then be one that was read. */
  async function isOnChain(of: { one: Nodes; blocks: BlockReader; network: string }, cursor: Cursor, head: number) {
    if (cursor.hash === '') return true;
    if (cursor.height <= head) {
      const said = await of.blocks.hashAt(of.one, cursor.height);
      const isForgotten =
        said === undefined && head - cursor.height > (of.blocks.finalAfter ?? Number.POSITIVE_INFINITY);
      return said === cursor.hash || isForgotten;
    }
    const stored = (await listBlocks(db.kysely, of.network)).find(({ height }) => height === head);
    return stored === undefined || (await of.blocks.hashAt(of.one, head)) === stored.hash;
  }

  async function returnToFork(
    of: { one: Nodes; blocks: BlockReader; network: string },
    cursor: Cursor,
    head: number,
  ): Promise<void> {
    const { one, blocks, network } = of;
    const stored = (await listBlocks(db.kysely, network)).filter(({ height }) => height <= head);
    let fork: Cursor | undefined;
    // What both chains have is a beginning of both: halve the rest.
    let [low, high] = [0, stored.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = stored[middle] as Cursor;
      if ((await blocks.hashAt(one, block.height)) === block.hash) {
        fork = block;
        high = middle;
      } else low = middle + 1;
    }
    if (fork === undefined) {
      const height = Math.max(-1, (stored.at(-1)?.height ?? Math.min(cursor.height, head + 1)) - 1);
      fork = { height, hash: height < 0 ? '' : ((await blocks.hashAt(one, height)) ?? '') };
    }
    const to = fork;
    const forgotten = await inTransaction(db, async (tx) => {
      if (!(await moveCursor(tx, { network, from: cursor, to, time: now() }))) return undefined;
      return rollBack(tx, network, to.height);
    });
    if (forgotten !== undefined)
      env.log('indexer.reorganised', { network, from: cursor.height, to: to.height, movements: forgotten });
  }

  async function skipTo(of: { one: Nodes; blocks: BlockReader; network: string }, cursor: Cursor, head: number) {
    const hash = await of.blocks.hashAt(of.one, head);
    if (hash === undefined) return false;
    const to = { height: head, hash };
    await inTransaction(db, async (tx) => {
      if (await moveCursor(tx, { network: of.network, from: cursor, to, time: now() }))
        await insertBlocks(tx, of.network, [to], { keep: BLOCKS_KEPT });
    });
    return false;
  }

  /** Blocks after the cursor, read again where a wallet came while they were being read: they may already pay to it. */
  async function readFor(of: { one: Nodes; blocks: BlockReader; network: string }, cursor: Cursor, to: number) {
    const { one, blocks, network } = of;
    const outputs = new Map(
      (blocks.hasOutputs ? await listUnspentOutputs(db.kysely, network) : []).map((each) => [each.outpoint, each]),
    );
    const output = (outpoint: string): OwnOutput | undefined => outputs.get(outpoint);
    for (;;) {
      const addresses = new Set((await look(network)).addresses);
      const read = await blocks.read(one, { from: cursor.height + 1, to, watched: { addresses, output } });
      if (blocks.isSparse === true) checkSparse(read, cursor, to);
      else checkChain(read, cursor, to);
      if ((await look(network)).addresses.size === addresses.size) return read;
    }
  }

  async function newTokens(
    { one, blocks, network }: { one: Nodes; blocks: BlockReader; network: string },
    read: readonly ReadBlock[],
  ) {
    const { token } = blocks;
    if (token === undefined) return [];
    const assets = new Set(read.flatMap(({ movements }) => movements.map(({ asset }) => asset)));
    assets.delete('');
    const known = new Set((await findTokens(db.kysely, network, [...assets])).map(({ asset }) => asset));
    const missing = [...assets].filter((asset) => !known.has(asset));
    return Promise.all(
      missing.map(async (asset): Promise<TokenRow> => {
        const { symbol, decimals } = await token(one, asset);
        return { asset, symbol: symbol ?? null, decimals: decimals ?? null };
      }),
    );
  }

  async function write(
    { blocks, network }: { blocks: BlockReader; network: string },
    cursor: Cursor,
    read: readonly ReadBlock[],
    tokens: readonly TokenRow[],
  ) {
    const last = read.at(-1);
    if (last === undefined) return;
    const of = watching.get(network);
    const rows = read.flatMap(({ movements, height, timeMs }) =>
      movements.flatMap(({ address, from, to, ...movement }): NewMovement[] =>
        (of?.wallets.get(address) ?? []).map(({ id, orgId }) => ({
          ...movement,
          network,
          orgId,
          walletId: id,
          height,
          fromAddress: from ?? null,
          toAddress: to ?? null,
          dateBlock: new Date(timeMs).toISOString(),
        })),
      ),
    );
    await inTransaction(db, async (tx) => {
      const to = { height: last.height, hash: last.hash };
      // Another api on the same database was faster; what it wrote is the same.
      if (!(await moveCursor(tx, { network, from: cursor, to, time: now() }))) return;
      await insertBlocks(
        tx,
        network,
        (blocks.isSparse === true ? [last] : read).map(({ height, hash }) => ({ height, hash })),
        { keep: BLOCKS_KEPT },
      );
      await insertTokens(tx, network, tokens);
      await insertMovements(tx, rows);
      for (const { height, outputs = [], spent = [] } of read) {
        await insertOutputs(
          tx,
          network,
          outputs.map((each) => ({ ...each, height })),
        );
        for (const { outpoint, by } of spent) await spendOutput(tx, { network, outpoint, by, height });
      }
    });
  }

  const now = (): string => new Date(env.now()).toISOString();

  // ── by itself ─────────────────────────────────────────────────────────────────────────────────────────────────

  let isStopped = true;
  const running = new Map<string, Promise<void>>();
  const timers = new Map<string, () => void>();
  /** What a network was last in trouble for: said once, not at every step. */
  const trouble = new Map<string, string>();

  function later(name: string, ms: number, act: () => void): void {
    if (isStopped) return;
    timers.get(name)?.();
    timers.set(name, env.setTimer(ms, act));
  }

  function lookForNetworks(): void {
    for (const network of chains.configured()) if (!running.has(network) && !timers.has(network)) run(network);
    later('', IDLE_MS, lookForNetworks);
  }

  function run(network: string): void {
    timers.delete(network);
    const turn = stepQuietly(network).then((wait) => {
      running.delete(network);
      if (wait !== undefined) later(network, wait, () => run(network));
    });
    running.set(network, turn);
  }

  /** Milliseconds until the next step; undefined: the network is not (any more) one to be read. */
  async function stepQuietly(network: string): Promise<number | undefined> {
    if (!chains.configured().includes(network)) return undefined;
    try {
      const isMore = await step(network);
      if (trouble.delete(network)) env.log('indexer.goes.on', { network });
      const { blocks } = await chains.connect(network);
      return isMore ? 0 : (blocks?.pollMs ?? IDLE_MS);
    } catch (error) {
      const code = error instanceof NodeError ? error.code : error instanceof Error ? error.name : 'unknown';
      if (trouble.get(network) !== code) env.log('indexer.waits', { network, code });
      trouble.set(network, code);
      return IDLE_MS;
    }
  }

  return {
    step,
    start() {
      isStopped = false;
      lookForNetworks();
    },
    async stop() {
      isStopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
      await Promise.all(running.values());
    },
  };
}

/** Of a chain that is read by account only the end is known: after the cursor, at or before where it was to be. */
function checkSparse(read: readonly ReadBlock[], cursor: Cursor, to: number): void {
  const last = read.at(-1);
  const isEnd = last !== undefined && last.hash !== '' && last.height > cursor.height && last.height <= to;
  if (!isEnd || read.some(({ height }) => height > last.height))
    throw new NodeError('E_NODE_ANSWER', 'what was read has no end');
}

/** What was read must follow from the cursor without a gap: else the chain changed meanwhile, and the next step sees how. */
function checkChain(read: readonly ReadBlock[], cursor: Cursor, to: number): void {
  let before = cursor;
  for (const block of read) {
    const follows = block.height === before.height + 1 && (before.hash === '' || block.parent === before.hash);
    if (!follows) throw new NodeError('E_NODE_ANSWER', 'the chain changed while it was being read');
    before = block;
  }
  if (before.height !== to) throw new NodeError('E_NODE_ANSWER', 'a block is missing');
}
