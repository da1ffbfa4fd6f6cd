/**
 * An api that obeys nobody: it runs the relay that five real signer processes dial, and sends them whatever commands
 * it likes. What the signers did is read from their own journals and from the traffic that passed the relay.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeChallenge, freshDigest, nullifier, payloadHash } from '@holdfast/authority/challenge';
import { encodeGenesis, genesisChallenge, genesisHash, genesisIds } from '@holdfast/authority/genesis';
import { permissionIdOf } from '@holdfast/authority/ids';
import type {
  Ack,
  Assertion,
  ChallengeAssertion,
  ChallengeRecord,
  FreshToken,
  SignedRequest,
} from '@holdfast/authority/types';
import type { Command, KeyStatement, Refusal, Reply, Result } from '@holdfast/cluster/commands';
import { createRelayHub, type RelayHub, type Traffic } from '@holdfast/cluster/relay';
import { parseRoster, type Roster, type SignerIndex } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import { toBase64Url } from '@holdfast/contract/wire';
import { until } from '../harness/index.ts';

const require = createRequire(import.meta.url);
const entry = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
export const everybody: readonly SignerIndex[] = [1, 2, 3, 4, 5];

export interface User {
  readonly userId: string;
  readonly credentialId: string;
  readonly privateKey: KeyObject;
}

export interface Org {
  readonly orgId: string;
  readonly admin: User;
  readonly genesisHash: Uint8Array;
  /** Head after the last committed entry, base64url. */
  head: string;
  height: number;
}

/** Everything of one act before it is signed; a forgery changes one thing and leaves the rest valid. */
export interface Draft {
  request: SignedRequest;
  record: ChallengeRecord;
  tokens: readonly FreshToken[];
  clientData?: (text: string) => string;
}

export interface ActParts {
  readonly request: SignedRequest;
  readonly assertion: ChallengeAssertion;
  readonly tokens: readonly FreshToken[];
}

export interface JournalRow {
  readonly seq: number;
  readonly event: string;
  readonly facts: Record<string, unknown>;
}

const env: Env = {
  now: Date.now,
  random: (n) => new Uint8Array(randomBytes(n)),
  setTimer(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
  log: () => undefined,
  point: () => undefined,
};

export class HostileApi {
  readonly dir: string;
  readonly roster: Roster;
  readonly hub: RelayHub;
  readonly traffic: Traffic[] = [];
  output = '';
  readonly #server: Server;
  readonly #relayUrl: string;
  readonly #signers = new Map<number, ChildProcess>();
  /** Tokens of each signer, newest last. */
  readonly tokens = new Map<SignerIndex, string[]>();
  session: string | null = null;
  #commands = 0;

  private constructor(dir: string, roster: Roster, hub: RelayHub, server: Server, relayUrl: string) {
    this.dir = dir;
    this.roster = roster;
    this.hub = hub;
    this.#server = server;
    this.#relayUrl = relayUrl;
    hub.onPush((index, push) => {
      if (push.push === 'Token') this.tokens.set(index, [...(this.tokens.get(index) ?? []), push.token]);
      else if (push.push === 'Session') this.session = push.session;
    });
    hub.onTraffic((message) => this.traffic.push({ ...message, message: Uint8Array.from(message.message) }));
  }

  static async start(): Promise<HostileApi> {
    const dir = mkdtempSync(join(tmpdir(), 'holdfast-hostile-'));
    const server = createServer((_, reply) => reply.writeHead(404).end());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const relayUrl = `ws://127.0.0.1:${address.port}/holdfast/relay`;

    const lines = everybody.map((n) => {
      const folder = join(dir, `signer-${n}`);
      const text = execFileSync(
        process.execPath,
        [entry('signer/dist/operator.js'), 'init', '--allow-import', '--allow-export'],
        {
          env: { ...process.env, HOLDFAST_SIGNER_DIR: folder },
          encoding: 'utf8',
        },
      );
      return JSON.parse(text) as { identityKey: string };
    });
    const rosterText = JSON.stringify({ v: 1, epoch: 0, relay: relayUrl, signers: lines });
    writeFileSync(join(dir, 'roster.json'), rosterText);
    const roster = parseRoster(rosterText);
    const hub = createRelayHub({ roster, env });
    hub.attach(server);
    const api = new HostileApi(dir, roster, hub, server, relayUrl);
    for (const n of everybody) api.startSigner(n);
    await api.ready();
    return api;
  }

  /** All five connected, tokens of all five here, and a session for engine H up. */
  async ready(): Promise<void> {
    await until(
      `five signers are ready:\n${this.output.slice(-2000)}`,
      async () => this.hub.online().length === 5 && this.tokens.size === 5 && this.session !== null,
      30_000,
    );
  }

  /** Folder number n; its roster index is another matter: indexOf(n). */
  startSigner(n: number, extra: Readonly<Record<string, string>> = {}): void {
    const child = spawn(process.execPath, [entry('signer/dist/main.js')], {
      env: {
        ...process.env,
        NODE_ENV: 'test',
        HOLDFAST_SIGNER_DIR: join(this.dir, `signer-${n}`),
        HOLDFAST_ROSTER: join(this.dir, 'roster.json'),
        HOLDFAST_RELAY_URL: this.#relayUrl,
        ...extra,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    this.#signers.set(n, child);
  }

  async killSigner(n: number): Promise<void> {
    const child = this.#signers.get(n);
    if (child === undefined) throw new Error(`signer ${n} is not running`);
    const gone =
      child.exitCode === null && child.signalCode === null
        ? new Promise((done) => child.once('exit', done))
        : undefined;
    child.kill('SIGKILL');
    await gone;
    this.#signers.delete(n);
    this.tokens.delete(this.indexOf(n));
    await until(`signer ${n} is gone`, async () => !this.hub.online().includes(this.indexOf(n)), 10_000);
  }

  async stop(): Promise<void> {
    const ended = [...this.#signers.values()]
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => new Promise((done) => child.once('exit', done)));
    for (const child of this.#signers.values()) child.kill('SIGTERM');
    await Promise.all(ended);
    this.hub.close();
    await new Promise((done) => this.#server.close(done));
    rmSync(this.dir, { recursive: true, force: true });
  }

  indexOf(folder: number): SignerIndex {
    const line = JSON.parse(readFileSync(join(this.dir, 'roster.json'), 'utf8')).signers[folder - 1] as {
      identityKey: string;
    };
    const found = this.roster.signers.find(
      (signer) => Buffer.from(signer.identityKey).toString('base64') === line.identityKey,
    );
    if (found === undefined) throw new Error('not in the roster');
    return found.index;
  }

  folderOf(index: SignerIndex): number {
    const n = everybody.find((folder) => this.indexOf(folder) === index);
    if (n === undefined) throw new Error('no such signer');
    return n;
  }

  // ── organisations ─────────────────────────────────────────────────────────────────────────────────────────────

  async found(name: string, origin = 'http://localhost:8787'): Promise<Org> {
    const admin = newKey();
    const genesis = encodeGenesis({
      v: 1,
      c: toBase64Url(this.roster.fingerprint),
      name,
      admin: {
        username: `admin@${name.toLowerCase()}.example`,
        credential: { kind: 'Key', id: admin.credentialId, publicKey: admin.publicKey, algorithm: 'Ed25519' },
      },
      app: { origin, rpId: 'localhost' },
      time: new Date().toISOString(),
      nonce: toBase64Url(randomBytes(16)),
    });
    const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge: genesisChallenge(genesis) }));
    const proof: Assertion = {
      kind: 'Key',
      credId: admin.credentialId,
      clientData: toBase64Url(clientData),
      signature: toBase64Url(sign(null, clientData, admin.privateKey)),
    };
    const { orgId, head } = await this.foundOn(genesis, proof);
    const hash = genesisHash(genesis);
    const { adminUserId: userId } = genesisIds(hash);
    const { credentialId, privateKey } = admin;
    return { orgId, genesisHash: hash, head, height: 0, admin: { userId, credentialId, privateKey } };
  }

  /** Has every operator pin a genesis, and every signer take it. */
  async foundOn(genesis: string, proof: Assertion): Promise<{ readonly orgId: string; readonly head: string }> {
    const hash = genesisHash(genesis);
    const { org: orgId } = genesisIds(hash);
    for (const n of everybody) {
      mkdirSync(join(this.dir, `signer-${n}`, 'pins'), { recursive: true, mode: 0o700 });
      writeFileSync(join(this.dir, `signer-${n}`, 'pins', orgId), `${Buffer.from(hash).toString('hex')}\n`, {
        mode: 0o600,
      });
    }
    const replies = await this.send(everybody, (id) => ({ v: 1, id, kind: 'Genesis', genesis, proof }));
    const acks = acksOf(replies);
    await this.commit(orgId, acks);
    const [first] = acks;
    if (first === undefined) throw new Error(`nobody acknowledged the genesis: ${JSON.stringify(replies)}`);
    return { orgId, head: first.head };
  }

  /** A governance entry, accepted by all and committed. */
  async govern(
    org: Org,
    method: SignedRequest['method'],
    path: string,
    body: unknown,
    user: User = org.admin,
  ): Promise<{ nullifier: Uint8Array; acks: readonly Ack[]; parts: ActParts }> {
    const draft = this.draft(org, method, path, body, user);
    const parts = this.sign(draft, user);
    const replies = await this.act(everybody, parts);
    const acks = acksOf(replies);
    const [first] = acks;
    if (first === undefined)
      throw new Error(`nobody accepted ${method} ${path}: ${JSON.stringify(replies.map(refusalOf))}`);
    const prev = org.head;
    org.head = first.head;
    org.height = first.height;
    // Who could not acknowledge (another tail, away) takes the entry with its certificate.
    const late = everybody.filter((_, at) => refusalOf(replies[at]) !== undefined);
    await this.commit(org.orgId, acks);
    const entry = {
      v: 1 as const,
      org: org.orgId,
      height: first.height,
      prev,
      request: parts.request,
      assertion: parts.assertion,
    };
    if (late.length > 0)
      await this.send(late, (id) => ({
        v: 1,
        id,
        kind: 'CatchUp',
        org: org.orgId,
        entries: [{ entry, acks: acks.slice(0, 3) }],
      }));
    return { nullifier: nullifier(encodeChallenge(draft.record)), acks, parts };
  }

  async commit(org: string, acks: readonly Ack[], to: readonly SignerIndex[] = everybody): Promise<readonly Reply[]> {
    return this.send(to, (id) => ({ v: 1, id, kind: 'Commit', org, acks }));
  }

  async switchOn(org: Org): Promise<void> {
    await this.govern(org, 'PUT', `/orgs/${org.orgId}/settings`, { keyImport: true, keyExport: true });
  }

  permissionId(org: Org, name: string): string {
    return permissionIdOf(org.genesisHash, name);
  }

  // ── acts ──────────────────────────────────────────────────────────────────────────────────────────────────────

  freshTokens(): readonly FreshToken[] {
    return [...this.tokens].sort(([a], [b]) => a - b).map(([index, list]): FreshToken => [index, list.at(-1) ?? '']);
  }

  draft(
    org: Org,
    method: SignedRequest['method'],
    path: string,
    body: unknown,
    user: Pick<User, 'userId'> = org.admin,
  ): Draft {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const tokens = this.freshTokens();
    return {
      request: { method, path, payload },
      tokens,
      record: {
        v: 1,
        k: 'UserAction',
        c: toBase64Url(this.roster.fingerprint),
        o: org.orgId,
        u: user.userId,
        m: method,
        p: path,
        h: payloadHash(payload),
        a: org.head,
        x: '',
        b: freshDigest(tokens),
        e: Math.floor(Date.now() / 1000) + 240,
        n: toBase64Url(randomBytes(16)),
      },
    };
  }

  sign(draft: Draft, user: User, challengeText = encodeChallenge(draft.record)): ActParts {
    const clientData = Buffer.from(
      (draft.clientData ?? ((text) => JSON.stringify({ type: 'key.get', challenge: text })))(challengeText),
    );
    return {
      request: draft.request,
      tokens: draft.tokens,
      assertion: {
        kind: 'Key',
        credId: user.credentialId,
        clientData: toBase64Url(clientData),
        signature: toBase64Url(sign(null, clientData, user.privateKey)),
      },
    };
  }

  /** Sends one act to some signers: the same to all, one run. */
  async act(
    to: readonly SignerIndex[],
    parts: ActParts,
    run: { readonly runNonce?: string; readonly participants?: readonly SignerIndex[]; readonly session?: string } = {},
  ): Promise<readonly Reply[]> {
    const runNonce = run.runNonce ?? randomBytes(32).toString('hex');
    const session = run.session ?? this.session ?? undefined;
    return this.send(to, (id) => ({
      v: 1,
      id,
      kind: 'Act',
      ...parts,
      runNonce,
      participants: run.participants ?? to,
      ...(session === undefined ? {} : { session }),
    }));
  }

  async send(to: readonly SignerIndex[], make: (id: string) => Command): Promise<readonly Reply[]> {
    this.#commands += 1;
    const id = `h${this.#commands}`;
    return Promise.all(
      to.map((index) =>
        this.hub.send(index, make(id), { deadlineMs: 15_000 }).catch(
          (cause: Error & { code?: string }): Reply => ({
            v: 1,
            id,
            ok: false,
            error: { code: cause.code ?? 'E_UNKNOWN', message: cause.message },
          }),
        ),
      ),
    );
  }

  /** A key made by all five, certified and usable everywhere. */
  async createKey(
    org: Org,
    network: string,
    user: User = org.admin,
  ): Promise<{ keyId: string; walletId: string; publicKey: string; parts: ActParts }> {
    const parts = this.sign(this.draft(org, 'POST', '/wallets', { network }, user), user);
    return { ...(await this.finishKey(await this.act(everybody, parts))), parts };
  }

  async finishKey(replies: readonly Reply[]): Promise<{ keyId: string; walletId: string; publicKey: string }> {
    const results = replies.map((reply) => {
      if (!reply.ok || reply.result.t !== 'key') throw new Error(`no key: ${JSON.stringify(reply)}`);
      return reply.result;
    });
    const [first] = results;
    if (first === undefined) throw new Error('no results');
    const statements: KeyStatement[] = results.map(({ statement }) => statement);
    await this.send(everybody, (id) => ({ v: 1, id, kind: 'KeyCertificate', keyId: first.keyId, statements }));
    return { keyId: first.keyId, walletId: first.walletId ?? '', publicKey: first.publicKey };
  }

  // ── evidence ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Journal rows of a signer, read from its own store file while it runs. */
  journal(index: SignerIndex): readonly JournalRow[] {
    const Database = require('libsql') as new (
      file: string,
      options: object,
    ) => { prepare(sql: string): { all(): unknown[] }; close(): void };
    // The running signer holds its file alone: read a copy, write-ahead log included.
    const folder = join(this.dir, `signer-${this.folderOf(index)}`);
    const copy = mkdtempSync(join(this.dir, 'copy-'));
    for (const name of ['store.sqlite', 'store.sqlite-wal'])
      if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name));
    const db = new Database(join(copy, 'store.sqlite'), {});
    try {
      const rows = db.prepare('select seq, event, facts from journal order by seq').all() as {
        seq: number;
        event: string;
        facts: string;
      }[];
      return rows.map(({ seq, event, facts }) => ({ seq, event, facts: JSON.parse(facts) as Record<string, unknown> }));
    } finally {
      db.close();
      rmSync(copy, { recursive: true });
    }
  }

  /** How long each journal is, and how many frames signers have sent each other: equal before and after means that nobody did anything. */
  mark(): { readonly journals: readonly number[]; readonly traffic: number } {
    return { journals: everybody.map((index) => this.journal(index).length), traffic: this.traffic.length };
  }
}

export function acksOf(replies: readonly Reply[]): readonly Ack[] {
  return replies.flatMap((reply) => (reply.ok && reply.result.t === 'ack' ? [reply.result.ack] : []));
}

export function resultOf<T extends Result['t']>(reply: Reply, t: T): Extract<Result, { t: T }> {
  if (!reply.ok || reply.result.t !== t) throw new Error(`expected ${t}: ${JSON.stringify(reply)}`);
  return reply.result as Extract<Result, { t: T }>;
}

export function refusalOf(reply: Reply | undefined): Refusal | undefined {
  return reply?.ok === false ? reply.error : undefined;
}

export function newKey(): User & { readonly publicKey: string } {
  const pair = generateKeyPairSync('ed25519');
  return {
    userId: '',
    privateKey: pair.privateKey,
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    credentialId: createHash('sha256')
      .update(pair.publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64url'),
  };
}
