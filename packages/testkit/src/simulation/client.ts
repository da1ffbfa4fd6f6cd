/**
 * The users: an organisation with an administrator and what they ask for. Whatever they sign is written down before
 * anybody else has it; what came back is compared with that, and with nothing the cluster says.
 */

import type { Context as ApiContext } from '@holdfast/api/app';
import { encodeState, project, stateOf } from '@holdfast/api/governance';
import { handlers } from '@holdfast/api/operations';
import { encodeChallenge, freshDigest, nullifier, payloadHash } from '@holdfast/authority/challenge';
import { authorityDeps } from '@holdfast/authority/contract-rules';
import { encodeGenesis, genesisChallenge, genesisHash, genesisIds } from '@holdfast/authority/genesis';
import { encodeEntry } from '@holdfast/authority/log';
import { initialState } from '@holdfast/authority/reduce';
import type { ChallengeRecord, FreshToken, SignedRequest } from '@holdfast/authority/types';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { loadFamily, planSignature, type SigningItem } from '@holdfast/chains/families';
import { verifyRaw } from '@holdfast/chains/schemes';
import { cluster, matchOperation } from '@holdfast/contract/operations';
import { fromBase64, fromHex, toBase64, toBase64Url, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { encodeImportShare, generateRecipient, seal } from '@holdfast/crypto/envelope';
import { split } from '@holdfast/crypto/sharing';
import { enc, type Item, i, sha256 } from '@holdfast/crypto/transcript';
import type { SeededRandom } from '@holdfast/mpc/simulator';
import { inTransaction } from '@holdfast/storage/database';
import { insertEntry, insertOrganisation } from '@holdfast/storage/records';
import { assertion, newUserKey, type TestUser } from '../cluster/api.ts';
import type { World } from './world.ts';

export type Curve = 'ed25519' | 'secp256k1';

export interface KnownKey {
  readonly keyId: string;
  readonly scheme: 'EdDSA' | 'ECDSA' | 'Schnorr';
  readonly curve: Curve;
  readonly publicKey: Uint8Array;
  /** Has no share of its own: signers derive it from their share of its master. */
  readonly isChild?: boolean;
  /** Signs by its wallet, where it has one. */
  readonly wallet?: { readonly id: string; readonly network: string };
}

/** What a user signed. */
export interface Intent {
  readonly org: string;
  readonly method: string;
  readonly path: string;
  readonly payload: string;
  /** For a signature: what must be signed, and by which key. */
  readonly key?: KnownKey;
  readonly items?: readonly SigningItem[];
  /** SHA-256 over the items, as every signer has to find it from the same request. */
  readonly digest?: string;
}

export interface Organisation {
  readonly org: string;
  readonly admin: TestUser;
}

export interface Client {
  readonly organisation: Organisation;
  /** By nullifier, hex. */
  readonly intents: ReadonlyMap<string, Intent>;
  /** Those that should sign. */
  readonly keys: KnownKey[];
  createKey(scheme: KnownKey['scheme']): Promise<KnownKey>;
  /** A key that the user has: split, sealed to each signer, sent. */
  importKey(scheme: 'EdDSA' | 'ECDSA'): Promise<{ readonly key: KnownKey; readonly secret: Uint8Array }>;
  /** From then on the key does not sign here. */
  exportKey(key: KnownKey): Promise<void>;
  archiveKey(key: KnownKey): Promise<void>;
  /** A master and a child of it, which signs. */
  createChild(): Promise<KnownKey>;
  createDerivationKey(): Promise<string>;
  /** 32 bytes for one of three inputs; undefined where there is no key for it. */
  derive(pick: number): Promise<{ readonly input: string; readonly output: string } | undefined>;
  /** A round of new shares for every key, as an operator asks for it. */
  /** As the operator's `cluster repair`: the key dealt anew to the five of today. */
  reshare(keyId: string): Promise<void>;
  refresh(): Promise<void>;
  /** A Solana wallet with a key of its own. */
  createWallet(): Promise<KnownKey>;
  sign(key: KnownKey): Promise<Signed>;
  /** Asks for anything else; the handler of the api answers. */
  request(method: SignedRequest['method'], path: string, body: unknown): Promise<unknown>;
}

export interface Signed {
  readonly key: KnownKey;
  readonly items: readonly SigningItem[];
  readonly signature: Uint8Array;
  readonly verifies: boolean;
}

// Before virtual time begins: reading files is none of its events.
for (const name of ['pseudo', 'evm', 'bitcoin', 'solana', 'starknet'] as const) await loadFamily(name);

const curves = { EdDSA: 'ed25519', ECDSA: 'secp256k1', Schnorr: 'secp256k1' } as const;

/** Founds an organisation at signers that are up, through an api that is up. */
export async function foundOrganisation(o: {
  readonly world: World;
  readonly random: SeededRandom;
}): Promise<Organisation> {
  const { world, random } = o;
  const ctx = apiOf(world);
  const key = newUserKey(random.bytes(32));
  const credentialId = toBase64Url(random.bytes(16));
  const genesis = encodeGenesis({
    v: 1,
    c: toBase64Url(world.roster.fingerprint),
    name: 'Acme',
    admin: {
      username: 'admin@acme.example',
      credential: { kind: 'Key', id: credentialId, publicKey: key.publicKeyPem, algorithm: 'Ed25519' },
    },
    app: { origin: 'http://localhost:8787', rpId: 'localhost' },
    time: new Date(ctx.env.now()).toISOString(),
    nonce: toBase64Url(random.bytes(16)),
  });
  const { org, adminUserId } = genesisIds(genesisHash(genesis));
  const admin: TestUser = { userId: adminUserId, credentialId, ...key };
  world.pins.set(org, genesisHash(genesis));
  const proof = assertion(admin, genesisChallenge(genesis));
  const entry = { v: 1, height: 0, genesis, proof } as const;
  const state = initialState(entry, authorityDeps({ clusterFingerprint: ctx.signers.fingerprint, verify: nodeVerify }));
  const { acks } = await ctx.signers.genesis(genesis, proof);
  // As foundOrganisation of the api, but for the session it opens: that one is signed off the event loop.
  const dateCreated = new Date(ctx.env.now()).toISOString();
  await inTransaction(ctx.db, async (tx) => {
    const { name, head, height } = state;
    await insertOrganisation(tx, { id: org, name, genesis, state: encodeState(state), head, height, dateCreated });
    await insertEntry(tx, { orgId: org, height, head, entry: encodeEntry(entry), nullifier: null, acks, dateCreated });
    await project(tx, undefined, state, { entry: undefined, now: dateCreated });
  });
  await ctx.signers.commit(org, acks);
  return { org, admin };
}

export function createClient(o: {
  readonly world: World;
  readonly random: SeededRandom;
  readonly organisation: Organisation;
}): Client {
  const { world, random, organisation } = o;
  const { org, admin } = organisation;
  const intents = new Map<string, Intent>();
  const keys: KnownKey[] = [];
  const derivationKeys: string[] = [];

  /** One signed call through the api's own handler; the intent is noted before the api sees it. */
  const call = async (
    request: SignedRequest,
    signed: Pick<Intent, 'key' | 'items' | 'digest'> = {},
  ): Promise<unknown> => {
    const ctx = apiOf(world);
    const tokens: FreshToken[] = ctx.signers.tokens();
    const { head } = await stateOf(ctx, org);
    const record: ChallengeRecord = {
      v: 1,
      k: 'UserAction',
      c: toBase64Url(world.roster.fingerprint),
      o: org,
      u: admin.userId,
      m: request.method,
      p: request.path,
      h: payloadHash(request.payload),
      a: head,
      x: '',
      b: freshDigest(tokens),
      e: Math.floor(ctx.env.now() / 1000) + 300,
      n: toBase64Url(random.bytes(16)),
    };
    const challenge = encodeChallenge(record);
    const id = nullifier(challenge);
    intents.set(toHex(id), { org, ...request, ...signed });
    const match = matchOperation(request.method, request.path);
    const handler = handlers.find(({ operation }) => operation === match?.operation);
    if (match === undefined || handler === undefined)
      throw new Error(`no handler for ${request.method} ${request.path}`);
    return handler.handle(ctx, {
      operation: match.operation,
      principal: {
        orgId: org,
        userId: admin.userId,
        userKind: 'CustomerEmployee',
        isServiceAccount: false,
        tokenId: 'to-00000-00000-0000000000000000',
        tokenKind: 'Token',
      },
      grant: { request, assertion: assertion(admin, challenge), tokens, challenge, nullifier: id },
      params: match.params,
      query: {},
      body: request.payload === '' ? {} : JSON.parse(request.payload),
      requestId: 'rq',
      path: request.path,
      address: '127.0.0.1',
      origin: undefined,
    } as never);
  };

  /** Whether it will still sign is not known from the moment this is asked for. */
  const retire = (key: KnownKey): void => {
    const at = keys.indexOf(key);
    if (at >= 0) keys.splice(at, 1);
  };

  return {
    organisation,
    intents,
    keys,
    async createKey(scheme) {
      const curve = curves[scheme];
      const payload = JSON.stringify({ scheme, curve });
      const made = (await call({ method: 'POST', path: '/keys', payload })) as { id: string; publicKey: string };
      const key: KnownKey = { keyId: made.id, scheme, curve, publicKey: fromHex(made.publicKey) };
      keys.push(key);
      return key;
    },
    async importKey(scheme) {
      const [curve, protocol] =
        scheme === 'EdDSA' ? (['ed25519', 'FROST'] as const) : (['secp256k1', 'CGGMP21'] as const);
      const group = curveOf(curve);
      const secret = group.scalar.random((n) => random.bytes(n));
      const parts = split(group, { secret, t: 3, n: 5 }, (n) => random.bytes(n));
      const publicShares = parts.publicShares.map((p) => group.encodeUncompressed(p));
      const recipients = await apiOf(world).signers.importKeys();
      const encryptedKeyShares = recipients.map(({ index, signerId, encryptionKey }) => {
        const secretShare = parts.shares[index - 1];
        if (secretShare === undefined) throw new Error('bug: five shares');
        const plaintext = encodeImportShare({ curve, secretShare, publicShares });
        const sealed = seal({ to: fromBase64(encryptionKey), plaintext, random: (n) => random.bytes(n) });
        return { signerId, encryptedKeyShare: toBase64(sealed) };
      });
      const payload = JSON.stringify({ curve, protocol, minSigners: 3, encryptedKeyShares });
      const made = (await call({ method: 'POST', path: '/keys/import', payload })) as { id: string; publicKey: string };
      const key: KnownKey = { keyId: made.id, scheme, curve, publicKey: fromHex(made.publicKey) };
      keys.push(key);
      return { key, secret };
    },
    async exportKey(key) {
      const { publicKey34 } = generateRecipient((n) => random.bytes(n));
      const protocol = { EdDSA: 'FROST', ECDSA: 'CGGMP21', Schnorr: 'FROST_BITCOIN' }[key.scheme];
      const body = { encryptionKey: toBase64(publicKey34), supportedSchemes: [{ protocol, curve: key.curve }] };
      const payload = JSON.stringify(body);
      retire(key);
      await call({ method: 'POST', path: `/keys/${key.keyId}/export`, payload });
    },
    async archiveKey(key) {
      retire(key);
      await call({ method: 'DELETE', path: `/keys/${key.keyId}`, payload: '{}' });
    },
    async createWallet() {
      const network = 'Solana';
      const made = (await call({ method: 'POST', path: '/wallets', payload: JSON.stringify({ network }) })) as {
        id: string;
        signingKey: { id: string; publicKey: string };
      };
      const publicKey = fromHex(made.signingKey.publicKey);
      const wallet = { id: made.id, network };
      const key: KnownKey = { keyId: made.signingKey.id, scheme: 'EdDSA', curve: 'ed25519', publicKey, wallet };
      keys.push(key);
      return key;
    },
    async createChild() {
      const kind = { scheme: 'EdDSA', curve: 'ed25519' } as const;
      const create = async (body: object) =>
        (await call({ method: 'POST', path: '/keys', payload: JSON.stringify({ ...kind, ...body }) })) as {
          id: string;
          publicKey: string;
        };
      const master = await create({ masterKey: true });
      const child = await create({ deriveFrom: { keyId: master.id, path: 'm/44/7' } });
      const key: KnownKey = { keyId: child.id, ...kind, publicKey: fromHex(child.publicKey), isChild: true };
      keys.push(key);
      return key;
    },
    async createDerivationKey() {
      const payload = JSON.stringify({ scheme: 'DH', curve: 'secp256k1' });
      const { id } = (await call({ method: 'POST', path: '/keys', payload })) as { id: string };
      derivationKeys.push(id);
      return id;
    },
    async derive(pick) {
      const keyId = derivationKeys[pick % derivationKeys.length];
      if (keyId === undefined) return undefined;
      const payload = JSON.stringify({ domain: '0x6578616d706c65', seed: `0x0${pick % 3}` });
      const { output } = (await call({ method: 'POST', path: `/keys/${keyId}/derive`, payload })) as { output: string };
      return { input: `${keyId} ${payload}`, output };
    },
    async reshare(keyId) {
      const handler = handlers.find(({ operation }) => operation === cluster.reshareKey);
      if (handler === undefined) throw new TypeError('the api repairs no keys');
      await handler.handle(apiOf(world), { body: { keyId } } as never);
    },
    refresh: () => apiOf(world).refresher.begin('operator'),
    async sign(key) {
      const text = `0x${toHex(random.bytes(32))}`;
      const body = key.scheme === 'EdDSA' ? { kind: 'Message', message: text } : { kind: 'Hash', hash: text };
      const { wallet } = key;
      const path = wallet === undefined ? `/keys/${key.keyId}/signatures` : `/wallets/${wallet.id}/signatures`;
      const { items } = planSignature({ key, body, ...(wallet === undefined ? {} : { network: wallet.network }) });
      const digest = toHex(digestOf(items));
      const made = (await call({ method: 'POST', path, payload: JSON.stringify(body) }, { key, items, digest })) as {
        signature: { r: string; s: string; recid?: number };
      };
      const signature = fromHex(`${strip(made.signature.r)}${strip(made.signature.s)}`);
      const [item] = items;
      return { key, items, signature, verifies: item !== undefined && verifyRaw(item, key, { signature }) };
    },
    request: (method, path, body) => call({ method, path, payload: JSON.stringify(body) }),
  };
}

export function apiOf(world: World): ApiContext {
  if (world.api === undefined) throw new Error('the api cannot be reached');
  return world.api.ctx;
}

const strip = (hex: string): string => hex.replace(/^0x/, '');

/** docs/specs: SHA-256 over everything that will be signed, computed here a second time. */
function digestOf(items: readonly SigningItem[]): Uint8Array {
  const item = (each: SigningItem): Item => {
    switch (each.algorithm) {
      case 'ecdsa':
        return i.list([i.text('ecdsa'), i.bytes(each.digest)]);
      case 'eddsa':
        return i.list([i.text('eddsa'), i.bytes(each.message)]);
      case 'bip340': {
        const root = each.taprootMerkleRoot;
        return i.list([i.text('bip340'), i.bytes(each.message), root === undefined ? i.absent : i.bytes(root)]);
      }
    }
  };
  return sha256(enc('holdfast/digest/v1', i.list(items.map(item))));
}
