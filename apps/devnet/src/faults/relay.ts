/**
 * kill −9 of the relay in the middle of runs, with real processes: a NATS server, or the api that has the relay in it.
 * Each request under way ends in a signature or in a clear refusal; after the relay is back everything signs again.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { captureNats, runNats, withoutNats } from '@holdfast/cluster/test/nats';
import { type AccountFile, until } from '../harness/index.ts';
import { type Answer, Caller, codeOf, good, Lost } from './caller.ts';
import { everyFolder, Pieces } from './pieces.ts';
import { createWallet, type KindName, kinds, signs, verifySignature, type Wallet } from './wallets.ts';

interface Relay {
  readonly natsUrl?: string;
  /** What passed the server until it was killed for the first time. */
  readonly captured?: () => Buffer;
  kill(pieces: Pieces): Promise<void>;
  revive(pieces: Pieces): Promise<void>;
  stop(): Promise<void>;
}

const relays = {
  async nats(): Promise<Relay> {
    const server = await runNats();
    const capture = await captureNats(server.url);
    return {
      natsUrl: server.url,
      captured: capture.bytes,
      kill: server.kill,
      revive: server.start,
      async stop() {
        capture.stop();
        await server.stop();
      },
    };
  },
  async embedded(): Promise<Relay> {
    return {
      kill: (pieces) => pieces.killApi(),
      async revive(pieces) {
        await pieces.startApi({ online: 5 });
      },
      stop: async () => {},
    };
  },
} as const;

/** When the relay dies: before the first message of a run has left, within a run, and when one of several has ended. */
const moments = ['at once', 'a signer is done', 'the first answer'] as const;
const BACK_MS_MAX = 5_000;

/** What the tests of one relay have at hand once they run. */
export interface Scene {
  readonly pieces: Pieces;
  readonly account: AccountFile;
  readonly wallets: readonly Wallet[];
  readonly captured: Buffer;
}

export function relayFaults(name: keyof typeof relays): () => Scene {
  const skip = name === 'nats' ? withoutNats : false;
  let relay: Relay;
  let pieces: Pieces;
  let account: AccountFile;
  let caller: Caller;
  const wallets: Wallet[] = [];

  before(async () => {
    if (skip) return;
    relay = await relays[name]();
    pieces = await Pieces.found('embedded', relay.natsUrl === undefined ? {} : { natsUrl: relay.natsUrl });
    await pieces.startApi({ online: 5 });
    account = await pieces.createOrg('Acme');
    caller = new Caller(account);
    for (const kind of ['ed25519', 'ecdsa'] satisfies KindName[]) wallets.push(await createWallet(caller, kind));
  });
  after(async () => {
    if (skip) return;
    await pieces.stop();
    await relay.stop();
    pieces.remove();
  });

  test('a relay killed in the middle of runs loses nothing but the runs; back again, everything signs within 5 s', {
    skip,
  }, async (t) => {
    const outcomes: string[] = [];
    for (const moment of moments) {
      await until('five hold a session', async () => pieces.hasSession(), 20_000);
      const approved = [];
      for (const wallet of [...wallets, ...wallets, ...wallets])
        approved.push({ wallet, token: await approve(wallet) });
      const before = pieces.output.length;
      const asked = approved.map(({ wallet, token }) => ({ wallet, answer: ask(wallet, token) }));
      if (moment === 'a signer is done') await oneSignerIsDone(before);
      if (moment === 'the first answer') await Promise.race(asked.map(({ answer }) => answer));
      await relay.kill(pieces);
      for (const { wallet, answer } of asked) outcomes.push(outcomeOf(wallet, await answer));

      await relay.revive(pieces);
      const back = performance.now();
      await until(
        'all connected and in a session',
        async () => (await pieces.online()) === 5 && pieces.hasSession(),
        20_000,
      );
      for (const wallet of wallets) await signs(caller, wallet);
      const took = performance.now() - back;
      t.diagnostic(`killed: ${moment}; signing again ${took.toFixed(0)} ms after it was back`);
      ok(took < BACK_MS_MAX, `signing again after ${took.toFixed(0)} ms`);
    }
    t.diagnostic(outcomes.join(' '));
    // Some ended before and some were cut off, or the moments are ill chosen.
    ok(outcomes.includes('signed') && outcomes.some((outcome) => outcome !== 'signed'));
  });

  test('what was acknowledged is there, and no run was started twice', { skip }, async () => {
    const { items } = good(await caller.read('/wallets?limit=100')).body as { items: { id: string }[] };
    deepEqual(new Set(items.map(({ id }) => id)), new Set(wallets.map(({ id }) => id)));
    for (const n of everyFolder) {
      const rows = pieces.rows<{ facts: string }>(n, 'select facts from journal order by seq');
      const started = rows.flatMap(({ facts }) => {
        const { execId, execIds } = JSON.parse(facts) as { execId?: string; execIds?: string };
        return [...(execId === undefined ? [] : [execId]), ...(execIds?.split(',') ?? [])];
      });
      ok(started.length > 0);
      equal(new Set(started).size, started.length, `signer ${n}`);
    }
  });

  return () => ({ pieces, account, wallets, captured: relay.captured?.() ?? Buffer.alloc(0) });

  /** Signers say when they have done their part; the others may not have, and the api has not heard of it. */
  async function oneSignerIsDone(since: number): Promise<void> {
    for (let k = 0; k < 5_000 && !/"kind":"Group"|enerateSignature"/.test(pieces.output.slice(since)); k++)
      await turn();
  }

  async function approve({ id, kind }: Wallet): Promise<string> {
    const token = await caller.approve('POST', `/wallets/${id}/signatures`, JSON.stringify(kinds[kind].what));
    if (typeof token === 'string') return token;
    throw new Error(token.text);
  }

  /** Undefined when the api, and the connection with it, is gone before it answers. */
  async function ask({ id, kind }: Wallet, token: string): Promise<Answer | undefined> {
    try {
      return await caller.send('POST', `/wallets/${id}/signatures`, JSON.stringify(kinds[kind].what), token);
    } catch (error) {
      if (name === 'embedded' && error instanceof Lost) return undefined;
      throw error;
    }
  }

  function outcomeOf(wallet: Wallet, answer: Answer | undefined): string {
    if (answer === undefined) return 'cut-off';
    if (answer.status === 200) {
      verifySignature(wallet, answer);
      return 'signed';
    }
    equal(answer.status, 503, answer.text);
    ok(answer.headers.get('retry-after') !== null);
    ok(answer.ms < 10_000, `answered after ${answer.ms} ms`);
    return codeOf(answer) ?? 'no code';
  }
}
