/**
 * The smallest api there can be: collects tokens and sessions, builds challenges, passes signed requests on. Also the
 * client beside it: an organisation with one administrator, and keys to sign challenges with.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { encodeChallenge, freshDigest, nullifier, payloadHash } from '@holdfast/authority/challenge';
import { encodeGenesis, genesisChallenge, genesisHash, genesisIds } from '@holdfast/authority/genesis';
import { accountCredentialIdOf, deriveId, permissionIdOf } from '@holdfast/authority/ids';
import { headOf } from '@holdfast/authority/log';
import type {
  Ack,
  ChallengeAssertion,
  ChallengeRecord,
  FreshToken,
  LogEntry,
  SignedRequest,
} from '@holdfast/authority/types';
import { loadFamily } from '@holdfast/chains/families';
import type { Command, KeyEpochs, KeyStatement, Push, RecordMark, Reply, Result } from '@holdfast/cluster/commands';
import type { Roster } from '@holdfast/cluster/roster';
import { toBase64, toBase64Url, toHex, utf8 } from '@holdfast/contract/wire';
import { type CurveName, curve as curveOf } from '@holdfast/crypto/curves';
import { decodeExportShare, encodeImportShare, generateRecipient, open, seal } from '@holdfast/crypto/envelope';
import { recombine, split } from '@holdfast/crypto/sharing';

/** A user with a key of its own. */
export interface TestUser {
  readonly userId: string;
  readonly credentialId: string;
  readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
}

export interface TestOrganisation {
  readonly org: string;
  readonly genesis: string;
  readonly admin: TestUser;
}

export interface ActOptions {
  readonly user: TestUser;
  readonly method: SignedRequest['method'];
  readonly path: string;
  readonly body: unknown;
  /** Who gets the command; the participants of the run unless told. */
  readonly to?: readonly number[];
  readonly participants?: readonly number[];
  /** Changes to the honest challenge, request or command: for forgeries. */
  readonly challenge?: Partial<ChallengeRecord>;
  readonly session?: string;
  readonly keyEpoch?: string;
}

// Before the clock of a test moves: reading files takes time that it does not know of.
for (const name of ['pseudo', 'evm', 'bitcoin', 'solana', 'starknet'] as const) await loadFamily(name);

/** Signed by an ordinary credential, as everything but a recovery is. */
export type ActCommand = Extract<Command, { kind: 'Act' }> & { readonly assertion: ChallengeAssertion };
export type Replies = ReadonlyMap<number, Reply | undefined>;

/** What the api needs of a cluster: one process or six. */
export interface Reachable {
  readonly roster: Roster;
  readonly clock: { now(): number };
  readonly net: { onPush(heard: (index: number, push: Push) => void): unknown };
  readonly pins: { set(orgId: string, hash: Uint8Array): unknown };
  random(n: number): Uint8Array;
  /** Undefined when the signer is gone, or goes while it is asked. */
  send(index: number, command: Command): Promise<Reply | undefined>;
}

export interface TestApi<C extends Reachable = Reachable> {
  readonly cluster: C;
  tokens(): FreshToken[];
  /** The session that all five announced last. */
  session(): string | undefined;
  /** Founds an organisation at the signers; pins it first unless told. */
  found(name: string, o?: { readonly pin?: boolean }): Promise<TestOrganisation>;
  /** A signed command, not yet sent. */
  makeAct(o: ActOptions & { readonly org: TestOrganisation }): ActCommand;
  broadcast(command: Command, to?: readonly number[]): Promise<Replies>;
  act(o: ActOptions & { readonly org: TestOrganisation }): Promise<Replies>;
  /** A governance act: proposed to all, committed with three acknowledgements. Answers the acknowledgements. */
  govern(o: Omit<ActOptions, 'participants'> & { readonly org: TestOrganisation }): Promise<Ack[]>;
  /** A service account with a managed permission, or none; made by the administrator. */
  serviceAccount(o: { readonly org: TestOrganisation; readonly permission?: string }): Promise<TestUser>;
  /** An end user whom this service account registered, with one credential that it confirmed unless told. */
  endUser(o: {
    readonly org: TestOrganisation;
    readonly account: TestUser;
    readonly isConfirmed?: boolean;
  }): Promise<TestUser>;
  headOf(org: string): Uint8Array;
  entries(org: string): readonly { readonly entry: LogEntry; readonly acks: readonly Ack[] }[];
  /** As the api does with a key it has written down: until then the key is pending at the signers. */
  certify(key: KeyResult): Promise<Replies>;
  /** One attempt at new shares of a key, from this epoch; what follows from it is left to `settleEpochs`. */
  refresh(o: { readonly keyId: string; readonly epoch: string; readonly to?: readonly number[] }): Promise<Replies>;
  /** What the signers that answer hold of a key: by signer. */
  epochsOf(keyId: string): Promise<ReadonlyMap<number, KeyEpochs['epochs']>>;
  /** Shows certificates and confirmations to those that miss them, as far as they can be made now. */
  settleEpochs(keyId: string): Promise<void>;
  createKey(o: {
    readonly org: TestOrganisation;
    readonly user: TestUser;
    readonly path?: '/keys' | '/wallets';
    readonly body: unknown;
  }): Promise<KeyResult>;
  importKey(o: {
    readonly org: TestOrganisation;
    readonly user: TestUser;
    readonly curve: CurveName;
    readonly protocol: string;
    readonly secret: Uint8Array;
    readonly network?: string;
  }): Promise<Replies>;
  importBody(o: {
    readonly curve: CurveName;
    readonly protocol: string;
    readonly secret: Uint8Array;
    readonly network?: string;
  }): Promise<ImportBody>;
  exportKey(o: {
    readonly org: TestOrganisation;
    readonly user: TestUser;
    readonly keyId: string;
    readonly curve: CurveName;
    readonly protocol: string;
    readonly publicKey: Uint8Array;
  }): Promise<Uint8Array>;
}

export type KeyResult = Extract<Result, { t: 'key' }> & {
  readonly statements: readonly KeyStatement[];
  readonly marks: readonly RecordMark[];
};

export interface ImportBody {
  readonly curve: CurveName;
  readonly protocol: string;
  readonly minSigners: number;
  readonly encryptedKeyShares: { readonly signerId: string; readonly encryptedKeyShare: string }[];
  readonly network?: string;
}

export const everybody = [1, 2, 3, 4, 5] as const;

export function createTestApi<C extends Reachable>(cluster: C): TestApi<C> {
  const newest = new Map<number, string>();
  const sessions = new Map<number, string | null>();
  const chains = new Map<string, { entry: LogEntry; acks: Ack[] }[]>();
  let commands = 0;
  const nextId = (): string => `c${++commands}`;

  cluster.net.onPush((index, push) => {
    if (push.push === 'Token') newest.set(index, push.token);
    if (push.push === 'Session') sessions.set(index, push.session);
  });

  const broadcast = async (command: Command, to: readonly number[] = everybody): Promise<Replies> => {
    const replies = await Promise.all(to.map(async (index) => [index, await cluster.send(index, command)] as const));
    return new Map(replies);
  };
  const chainOf = (org: string): { entry: LogEntry; acks: Ack[] }[] => chains.get(org) ?? [];
  const head = (org: string): Uint8Array => {
    const entries = chainOf(org).map(({ entry }) => entry);
    let prev: Uint8Array | undefined;
    for (const entry of entries) prev = headOf(entry, prev);
    return prev ?? new Uint8Array(32);
  };
  /** Proposes a governance act and commits it. */
  const settle = async (org: string, command: ActCommand, to: readonly number[]): Promise<Ack[]> => {
    const acks = acksOf(await broadcast(command, to));
    if (acks.length < 3) return acks;
    const chain = chainOf(org);
    const entry: LogEntry = {
      v: 1,
      org,
      height: chain.length,
      prev: toBase64Url(head(org)),
      request: command.request,
      assertion: command.assertion,
    };
    chains.set(org, [...chain, { entry, acks }]);
    await broadcast({ v: 1, id: nextId(), kind: 'Commit', org, acks }, to);
    return acks;
  };
  const fingerprint = toBase64Url(cluster.roster.origin);

  const api: TestApi<C> = {
    cluster,
    tokens: () => [...newest].sort(([a], [b]) => a - b),
    session() {
      const [first, ...rest] = everybody.map((index) => sessions.get(index));
      return first != null && rest.every((each) => each === first) ? first : undefined;
    },
    broadcast,
    headOf: head,
    entries: chainOf,

    async found(name, o = {}) {
      const key = newUserKey(cluster.random(32));
      const credentialId = toBase64Url(cluster.random(16));
      const genesis = encodeGenesis({
        v: 1,
        c: fingerprint,
        name,
        admin: {
          username: 'admin@acme.example',
          credential: { kind: 'Key', id: credentialId, publicKey: key.publicKeyPem, algorithm: 'Ed25519' },
        },
        app: { origin: 'http://localhost:8787', rpId: 'localhost' },
        time: new Date(cluster.clock.now()).toISOString(),
        nonce: toBase64Url(cluster.random(16)),
      });
      const { org, adminUserId } = genesisIds(genesisHash(genesis));
      const admin: TestUser = { userId: adminUserId, credentialId, ...key };
      if (o.pin !== false) cluster.pins.set(org, genesisHash(genesis));
      const proof = assertion(admin, genesisChallenge(genesis));
      const replies = await broadcast({ v: 1, id: nextId(), kind: 'Genesis', genesis, proof });
      const acks = acksOf(replies);
      if (acks.length >= 3) {
        chains.set(org, [{ entry: { v: 1, height: 0, genesis, proof }, acks }]);
        await broadcast({ v: 1, id: nextId(), kind: 'Commit', org, acks });
      }
      return { org, genesis, admin };
    },

    makeAct(o) {
      const payload = typeof o.body === 'string' ? o.body : JSON.stringify(o.body);
      const tokens = api.tokens();
      const request: SignedRequest = { method: o.method, path: o.path, payload };
      const record: ChallengeRecord = {
        v: 1,
        k: 'UserAction',
        c: fingerprint,
        o: o.org.org,
        u: o.user.userId,
        m: o.method,
        p: o.path,
        h: payloadHash(payload),
        a: toBase64Url(head(o.org.org)),
        x: '',
        b: freshDigest(tokens),
        e: Math.floor(cluster.clock.now() / 1000) + 300,
        n: toBase64Url(cluster.random(16)),
        ...o.challenge,
      };
      const session = o.session;
      return {
        v: 1,
        id: nextId(),
        kind: 'Act',
        request,
        assertion: assertion(o.user, encodeChallenge(record)),
        tokens,
        runNonce: toHex(cluster.random(32)),
        participants: [...(o.participants ?? [])],
        ...(session === undefined ? {} : { session }),
        ...(o.keyEpoch === undefined ? {} : { keyEpoch: o.keyEpoch }),
      };
    },

    act: (o) =>
      broadcast(
        api.makeAct(o),
        o.to ?? (o.participants === undefined || o.participants.length === 0 ? everybody : o.participants),
      ),

    govern: (o) => settle(o.org.org, api.makeAct(o), o.to ?? everybody),

    async serviceAccount(o) {
      const key = newUserKey(cluster.random(32));
      const permissionId =
        o.permission === undefined ? undefined : permissionIdOf(genesisHash(o.org.genesis), o.permission);
      const body = {
        name: `robot ${commands}`,
        publicKey: key.publicKeyPem,
        ...(permissionId === undefined ? {} : { permissionId }),
      };
      const command = api.makeAct({
        org: o.org,
        user: o.org.admin,
        method: 'POST',
        path: '/auth/service-accounts',
        body,
      });
      await settle(o.org.org, command, everybody);
      const id = nullifierOf(command);
      return { userId: deriveId('us', id), credentialId: accountCredentialIdOf(id), ...key };
    },

    async endUser({ org, account, isConfirmed = true }) {
      const key = newUserKey(cluster.random(32));
      const credentialId = toBase64Url(cluster.random(16));
      const signed = { org, user: account, method: 'POST' } as const;
      const body = { email: `end-user-${commands}@users.example`, kind: 'EndUser' };
      const command = api.makeAct({ ...signed, path: '/auth/registration/delegated', body });
      await settle(org.org, command, everybody);
      const userId = deriveId('us', nullifierOf(command));
      const credential = { credentialId, kind: 'Key', publicKey: key.publicKeyPem, name: 'phone' };
      if (isConfirmed) {
        const confirmation = { userId, credentials: [credential] };
        await api.govern({ ...signed, path: '/holdfast/registrations/confirm', body: confirmation });
      }
      return { userId, credentialId, ...key };
    },

    certify: ({ keyId, statements }) => broadcast({ v: 1, id: nextId(), kind: 'KeyCertificate', keyId, statements }),

    refresh: ({ keyId, epoch, to = everybody }) =>
      broadcast(
        {
          v: 1,
          id: nextId(),
          kind: 'Refresh',
          keyId,
          epoch,
          runNonce: toHex(cluster.random(32)),
          participants: [...everybody],
        },
        to,
      ),

    async epochsOf(keyId) {
      const replies = await broadcast({ v: 1, id: nextId(), kind: 'Epochs', only: keyId });
      return new Map(
        [...replies].flatMap(([index, reply]) =>
          reply?.ok === true && reply.result.t === 'epochs'
            ? [[index, reply.result.keys[0]?.epochs ?? []] as const]
            : [],
        ),
      );
    },

    async settleEpochs(keyId) {
      const held = await api.epochsOf(keyId);
      const named = new Set([...held.values()].flatMap((epochs) => epochs.map(({ epoch }) => epoch)));
      for (const epoch of named) {
        const statements = [...held.values()].flatMap((epochs) => {
          const one = epochs.find((each) => each.epoch === epoch);
          return one === undefined ? [] : [one.statement];
        });
        if (statements.length === everybody.length)
          await broadcast({ v: 1, id: nextId(), kind: 'KeyCertificate', keyId, statements });
      }
      for (const epoch of named) {
        const confirmations = [...(await api.epochsOf(keyId)).values()].flatMap((epochs) => {
          const one = epochs.find((each) => each.epoch === epoch)?.confirmation;
          return one === undefined ? [] : [one];
        });
        if (confirmations.length === everybody.length)
          await broadcast({ v: 1, id: nextId(), kind: 'EpochConfirmed', keyId, epoch, confirmations });
      }
    },

    async createKey(o) {
      const replies = await api.act({
        org: o.org,
        user: o.user,
        method: 'POST',
        path: o.path ?? '/keys',
        body: o.body,
        participants: everybody,
      });
      const key = keyResult(replies);
      await api.certify(key);
      return key;
    },

    async importBody(o) {
      const curve = curveOf(o.curve);
      const parts = split(curve, { secret: curve.scalar.decode(o.secret), t: 3, n: 5 }, cluster.random);
      const publicShares = parts.publicShares.map((p) => curve.encodeUncompressed(p));
      const keys = await broadcast({ v: 1, id: nextId(), kind: 'ImportKey' });
      const encryptedKeyShares = cluster.roster.signers.map((signer, k) => {
        const reply = keys.get(signer.index);
        if (reply?.ok !== true || reply.result.t !== 'importKey')
          throw new Error(`signer ${signer.index} gave no import key`);
        const secretShare = parts.shares[k];
        if (secretShare === undefined) throw new Error('bug: five shares');
        const plaintext = encodeImportShare({ curve: o.curve, secretShare, publicShares });
        const sealed = seal({
          to: new Uint8Array(Buffer.from(reply.result.encryptionKey, 'base64')),
          plaintext,
          random: cluster.random,
        });
        return { signerId: toBase64(signer.signerId), encryptedKeyShare: toBase64(sealed) };
      });
      return {
        curve: o.curve,
        protocol: o.protocol,
        minSigners: 3,
        encryptedKeyShares,
        ...(o.network === undefined ? {} : { network: o.network }),
      };
    },

    async importKey(o) {
      const body = await api.importBody(o);
      const replies = await api.act({
        org: o.org,
        user: o.user,
        method: 'POST',
        path: o.network === undefined ? '/keys/import' : '/wallets/import',
        body,
        participants: everybody,
      });
      if ([...replies.values()].every((reply) => reply?.ok === true)) await api.certify(keyResult(replies));
      return replies;
    },

    async exportKey(o) {
      const recipient = generateRecipient(cluster.random);
      const body = {
        encryptionKey: toBase64(recipient.publicKey34),
        supportedSchemes: [{ protocol: o.protocol, curve: o.curve }],
      };
      const replies = await api.act({
        org: o.org,
        user: o.user,
        method: 'POST',
        path: `/keys/${o.keyId}/export`,
        body,
      });
      const curve = curveOf(o.curve);
      const shares = [...replies.values()].map((reply) => {
        if (reply?.ok !== true || reply.result.t !== 'share')
          throw new Error(`no share: ${reply?.ok === false ? reply.error.code : 'none'}`);
        const sealed = new Uint8Array(Buffer.from(reply.result.encryptedKeyShare, 'base64'));
        const share = decodeExportShare(open({ privateKey: recipient.privateKey33, sealed }));
        return { index: share.index, share: curve.scalar.decode(share.secretShare) };
      });
      return recombine(curve, { shares, t: 3, publicKey: curve.decodePoint(o.publicKey) });
    },
  };
  return api;
}

/** What names the request of a command, and everything made by it. */
export function nullifierOf(command: ActCommand): Uint8Array {
  const clientData = JSON.parse(Buffer.from(command.assertion.clientData, 'base64url').toString()) as {
    challenge: string;
  };
  return nullifier(clientData.challenge);
}

/** The one result that all five gave; throws the first refusal. */
export function keyResult(replies: Replies): KeyResult {
  const results = [...replies.values()].map((reply) => {
    if (reply?.ok !== true)
      throw new Error(`refused: ${reply === undefined ? 'no answer' : `${reply.error.code} ${reply.error.message}`}`);
    if (reply.result.t !== 'key') throw new Error('not a key');
    return reply.result;
  });
  const [first] = results;
  if (
    first === undefined ||
    results.some((r) => r.publicKey !== first.publicKey || r.epoch !== first.epoch || r.keyId !== first.keyId)
  ) {
    throw new Error('the signers do not agree on the key');
  }
  return {
    ...first,
    statements: results.map((r) => r.statement),
    marks: results.flatMap((r) => (r.mark === undefined ? [] : [r.mark])),
  };
}

/** The codes of all replies, in order: `ok`, a refusal's code, or `none`. */
export function codesOf(replies: Replies): string[] {
  return [...replies.values()].map((reply) => (reply === undefined ? 'none' : reply.ok ? 'ok' : reply.error.code));
}

export function acksOf(replies: Replies): Ack[] {
  return [...replies.values()].flatMap((reply) =>
    reply?.ok === true && reply.result.t === 'ack' ? [reply.result.ack] : [],
  );
}

/** A Key assertion (auth.md §2.1): signature over the client data's bytes. */
export function assertion(
  user: Pick<TestUser, 'credentialId' | 'privateKey'>,
  challenge: string,
  clientData: Readonly<Record<string, unknown>> = {},
): ChallengeAssertion {
  const data = utf8(
    JSON.stringify({ type: 'key.get', challenge, origin: 'http://localhost:8787', crossOrigin: false, ...clientData }),
  );
  return {
    kind: 'Key',
    credId: user.credentialId,
    clientData: toBase64Url(data),
    signature: toBase64Url(new Uint8Array(sign(null, data, user.privateKey))),
  };
}

/** An Ed25519 key from a seed (RFC 8410 §7). */
export function newUserKey(seed: Uint8Array): { privateKey: KeyObject; publicKeyPem: string } {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    createHash('sha256').update(seed).digest(),
  ]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKeyPem: createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString() };
}
