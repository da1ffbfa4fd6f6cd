/**
 * Five real signers whose votes split two and two at one height, by an api with two tongues. The honest api that is
 * started afterwards goes on with the organisation's governance, and nobody does anything.
 */
import { deepEqual, equal } from 'node:assert/strict';
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { encodeChallenge, freshDigest, payloadHash } from '@holdfast/authority/challenge';
import type { FreshToken, SignedRequest } from '@holdfast/authority/types';
import type { ChainHead, Command, Reply } from '@holdfast/cluster/commands';
import { createRelayHub, type WebSocketHub } from '@holdfast/cluster/relay';
import type { SignerIndex } from '@holdfast/cluster/roster';
import { toBase64Url } from '@holdfast/contract/wire';
import { Caller, good } from '../faults/caller.ts';
import { everyFolder, Pieces } from '../faults/pieces.ts';
import { type AccountFile, until } from '../harness/index.ts';

const everybody: readonly SignerIndex[] = [1, 2, 3, 4, 5];

let pieces: Pieces;
let account: AccountFile;
let admin: Caller;

before(async () => {
  pieces = await Pieces.found();
  await pieces.startApi();
  account = await pieces.createOrg('Acme');
  admin = new Caller(account, account.admin);
  await pieces.killApi();
});
after(async () => {
  await pieces.stop();
  pieces.remove();
});

interface Liar {
  /** Shows these signers a signed change of the settings; the codes of their answers. */
  show(body: object, to: readonly SignerIndex[]): Promise<readonly string[]>;
  heads(): Promise<readonly ChainHead[]>;
}

/** The relay in the hands of somebody who shows different signers different changes. */
async function lying(work: (liar: Liar) => Promise<void>): Promise<void> {
  const server = createServer((_, reply) => reply.writeHead(404).end());
  await new Promise<void>((done) => server.listen(pieces.port, '127.0.0.1', done));
  const env = {
    now: Date.now,
    random: (n: number) => new Uint8Array(randomBytes(n)),
    setTimer(ms: number, fn: () => void) {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    log: () => undefined,
    point: () => undefined,
  };
  const hub: WebSocketHub = createRelayHub({ roster: pieces.roster, env });
  const tokens = new Map<SignerIndex, string>();
  hub.onPush((index, push) => {
    if (push.push === 'Token') tokens.set(index, push.token);
  });
  hub.attach(server);
  await until('all five are here', async () => hub.online().length === 5 && tokens.size === 5, 60_000);
  let commands = 0;
  const ask = (index: SignerIndex, command: object): Promise<Reply> => {
    commands += 1;
    return hub.send(index, { v: 1, id: `l${commands}`, ...command } as Command, { deadlineMs: 15_000 });
  };
  const heads = async (): Promise<readonly ChainHead[]> => {
    const replies = await Promise.all(everybody.map((index) => ask(index, { kind: 'Heads' })));
    return replies.map((reply) => {
      const found =
        reply.ok && reply.result.t === 'heads'
          ? reply.result.heads.find(({ org }) => org === account.orgId)
          : undefined;
      if (found === undefined) throw new Error(JSON.stringify(reply));
      return found;
    });
  };
  try {
    await work({
      heads,
      async show(body, to) {
        const shown: readonly FreshToken[] = [...tokens].sort(([a], [b]) => a - b);
        const [head] = await heads();
        const act = { kind: 'Act', ...signedChange(body, shown, head?.head ?? ''), participants: [] };
        const replies = await Promise.all(
          to.map((index) => ask(index, { ...act, runNonce: randomBytes(32).toString('hex') })),
        );
        return replies.map((reply) => (reply.ok ? reply.result.t : reply.error.code));
      },
    });
  } finally {
    hub.close();
    await new Promise((done) => server.close(done));
  }
}

function signedChange(body: object, tokens: readonly FreshToken[], head: string) {
  const { userId, credentialId, privateKey } = account.admin;
  const request: SignedRequest = {
    method: 'PUT',
    path: `/orgs/${account.orgId}/settings`,
    payload: JSON.stringify(body),
  };
  const challenge = encodeChallenge({
    v: 1,
    k: 'UserAction',
    c: toBase64Url(pieces.roster.fingerprint),
    o: account.orgId,
    u: userId,
    m: request.method,
    p: request.path,
    h: payloadHash(request.payload),
    a: head,
    x: '',
    b: freshDigest(tokens),
    e: Math.floor(Date.now() / 1000) + 240,
    n: toBase64Url(new Uint8Array(randomBytes(16))),
  });
  const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge }));
  const signature = sign(null, clientData, createPrivateKey(privateKey));
  return {
    request,
    tokens,
    assertion: {
      kind: 'Key',
      credId: credentialId,
      clientData: clientData.toString('base64url'),
      signature: signature.toString('base64url'),
    },
  };
}

const change = (keyImport: boolean, keyExport: boolean) =>
  admin.act('PUT', `/orgs/${account.orgId}/settings`, { keyImport, keyExport });
const settings = async () => good(await admin.read(`/orgs/${account.orgId}/settings`)).body;

test('two acknowledge A, two B: the next change goes through, at all five, and so does the one after', async () => {
  let before: readonly ChainHead[] = [];
  await lying(async ({ show, heads }) => {
    deepEqual(await show({ keyImport: false, keyExport: true }, [1, 2]), ['ack', 'ack']);
    deepEqual(await show({ keyImport: true, keyExport: false }, [3, 4]), ['ack', 'ack']);
    before = await heads();
  });
  const tails = before.map(({ tail }) => tail?.head);
  deepEqual([tails[0], tails[2]], [tails[1], tails[3]]);
  equal(new Set(tails).size, 3);
  equal(tails[4], undefined);

  await pieces.startApi();
  good(await change(false, false));
  deepEqual(await settings(), { keyImport: false, keyExport: false });
  good(await change(true, true));
  deepEqual(await settings(), { keyImport: true, keyExport: true });
  await pieces.killApi();

  await lying(async ({ heads }) => {
    const now = await heads();
    equal(new Set(now.map(({ head }) => head)).size, 1);
    for (const [k, { height, tail }] of now.entries())
      deepEqual([height, tail], [(before[k]?.height ?? 0) + 2, undefined], `signer ${k + 1}`);
  });
  const events = everyFolder.map((n) =>
    pieces
      .rows<{ event: string }>(n, "select event from journal where event like 'authority.%'")
      .map(({ event }) => event),
  );
  equal(events.filter((rows) => rows.includes('authority.released')).length, 4);
  equal(events.filter((rows) => rows.includes('authority.withdrawn')).length, 5);
});

test('one signer away: who holds A and who holds B waits for it, and it is enough that it comes back', async () => {
  await pieces.killApi();
  await lying(async ({ show }) => {
    deepEqual(await show({ keyImport: false, keyExport: true }, [1, 2]), ['ack', 'ack']);
    deepEqual(await show({ keyImport: true, keyExport: false }, [3, 4]), ['ack', 'ack']);
  });
  const away = everyFolder.find((n) => pieces.indexOf(n) === 5) ?? 0;
  await pieces.killSigner(away);
  await pieces.startApi({ online: 4 });

  const refused = await change(false, false);
  equal(refused.status >= 400, true, refused.text);
  deepEqual(await settings(), { keyImport: true, keyExport: true });
  pieces.startSigner(away);
  await pieces.untilOnline(5);

  good(await change(false, false));
  deepEqual(await settings(), { keyImport: false, keyExport: false });
});
