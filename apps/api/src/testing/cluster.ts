/**
 * Five signers in one object, for tests of the api alone: they sign statements, marks and acknowledgements with real
 * identities and hold whole keys where real ones hold shares. What they do not do is check anything.
 */

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { deriveId } from '@holdfast/authority/ids';
import { ackBytes, confirmationBytes, importKeyBytes, keyStatementBytes, markBytes } from '@holdfast/authority/log';
import type { ChallengeAssertion } from '@holdfast/authority/types';
import { isNetwork, network } from '@holdfast/chains/networks';
import {
  ClusterError,
  type Command,
  decodeCommand,
  type Push,
  type RecordMark,
  type Reply,
  type Result,
} from '@holdfast/cluster/commands';
import { createRoster, type Identity, identityFromSeeds, type Roster, rosterEntry } from '@holdfast/cluster/roster';
import { toBase64, toBase64Url, toHex } from '@holdfast/contract/wire';
import type { ClusterLink } from '../signers/index.ts';

export type Act = Extract<Command, { readonly kind: 'Act' }>;

/** What a signer does with a command instead of the usual; undefined: the usual. */
export type Behaviour = (command: Command) =>
  | Result
  | {
      readonly refuse: string;
      readonly culprits?: readonly number[];
      readonly details?: Readonly<Record<string, string | number | boolean>>;
    }
  | 'lost'
  | 'silent'
  | undefined;

export interface FakeCluster {
  readonly roster: Roster;
  readonly link: ClusterLink;
  /** By index; replaced per test. */
  readonly behaviours: Map<number, Behaviour>;
  readonly commands: { readonly index: number; readonly command: Command }[];
  setOnline(...indices: number[]): void;
  push(index: number, push: Push): void;
  /** The sharings that a signer holds of a key made or refreshed here, for a test to look at and to change. */
  sharings(index: number, keyId: string): FakeSharing[];
  ack(index: number, o: { org: string; height: number; head: string }): Result;
}

export interface FakeSharing {
  readonly epoch: string;
  readonly generation: number;
  certified: boolean;
}

export function fakeCluster(): FakeCluster {
  const identities = Array.from({ length: 5 }, (_, k) =>
    identityFromSeeds({ identitySeed: seedOf(`identity ${k}`), transportSeed: seedOf(`transport ${k}`) }),
  );
  const roster = createRoster({
    epoch: 0,
    relay: 'ws://127.0.0.1:1/holdfast/relay',
    signers: identities.map(rosterEntry),
  });
  const identityOf = (index: number): Identity => {
    const key = roster.signers[index - 1]?.identityKey;
    const found = identities.find(({ publicKey }) => key !== undefined && Buffer.compare(publicKey, key) === 0);
    if (!found) throw new Error(`no signer ${index}`);
    return found;
  };
  let online = [1, 2, 3, 4, 5];
  const behaviours = new Map<number, Behaviour>();
  const commands: FakeCluster['commands'] = [];
  const pushListeners = new Set<(index: number, push: Push) => void>();
  const presenceListeners = new Set<(now: number[]) => void>();
  const keys = new Map<string, KeyObject>();
  /** By `index keyId`; a key begins with the sharing it was made in. */
  const held = new Map<string, FakeSharing[]>();
  const sharings = (index: number, keyId: string): FakeSharing[] => {
    const name = `${index} ${keyId}`;
    const list = held.get(name) ?? [{ epoch: firstEpoch(keyId), generation: 0, certified: true }];
    held.set(name, list);
    return list;
  };
  const stated = (index: number, keyId: string, epoch: string) => {
    const { secret, curve } = keyOf(keyId);
    const bytes = keyStatementBytes(ORG, keyId, curve, publicKeyOf(secret, curve), Buffer.from(epoch, 'hex'));
    return { index, signature: signText(index, bytes) };
  };
  const promised = (index: number, keyId: string, epoch: string) => ({
    index,
    signature: signText(index, confirmationBytes(ORG, keyId, Buffer.from(epoch, 'hex'))),
  });
  const keyOf = (keyId: string): { secret: KeyObject; curve: string } => {
    const secret = keys.get(keyId);
    if (secret === undefined) throw new Error(`no key ${keyId}`);
    return { secret, curve: secret.asymmetricKeyType === 'ed25519' ? 'ed25519' : 'secp256k1' };
  };
  /** Acts that a signer carried out: `index nullifier`. */
  const carriedOut = new Set<string>();
  /** Wallet to key; a key to itself. */
  const keyIds = new Map<string, string>();

  const signText = (index: number, bytes: Uint8Array) => toBase64Url(identityOf(index).sign(bytes));
  const mark = (index: number, recordId: string, kind: RecordMark['mark'], act: Pick<Act, 'assertion'>): RecordMark => {
    const nullifier = nullifierOf(act);
    const signature = signText(index, markBytes(ORG, recordId, kind, nullifier));
    return { index, org: ORG, recordId, mark: kind, nullifier: toBase64Url(nullifier), signature };
  };

  function usual(index: number, command: Command): Result | { readonly refuse: string } {
    switch (command.kind) {
      case 'Act':
        carriedOut.add(`${index} ${toHex(nullifierOf(command))}`);
        return act(index, command);
      case 'Made': {
        if (!carriedOut.has(`${index} ${toHex(nullifierOf(command.act))}`)) return { refuse: 'E_NOT_FOUND' };
        const given = act(index, command.act);
        return 't' in given && given.t === 'share' ? { t: 'mark', mark: given.mark } : given;
      }
      case 'ImportKey': {
        const signer = roster.signers[index - 1];
        if (!signer) throw new Error(`no signer ${index}`);
        const key = Buffer.concat([Buffer.from([1, 2]), seedOf(`import ${index}`)]);
        const expires = '2026-11-20T10:00:00.000Z';
        const bytes = importKeyBytes(roster.fingerprint, signer.signerId, key, expires);
        return {
          t: 'importKey',
          encryptionKey: toBase64(key),
          encryptionKeySignature: toBase64(identityOf(index).sign(bytes)),
          expires,
        };
      }
      case 'Heads':
        return { t: 'heads', heads: [] };
      case 'Refresh': {
        const { keyId } = command;
        const list = sharings(index, keyId);
        const base = list.find(({ epoch, certified }) => certified && epoch === command.epoch);
        if (base === undefined) return { refuse: 'E_EPOCH' };
        const epoch = toHex(createHash('sha256').update(command.runNonce).digest());
        list.push({ epoch, generation: base.generation + 1, certified: true });
        const { secret, curve } = keyOf(keyId);
        return {
          t: 'key',
          keyId,
          publicKey: toHex(publicKeyOf(secret, curve)),
          epoch,
          statement: stated(index, keyId, epoch),
          confirmation: promised(index, keyId, epoch),
        };
      }
      case 'Epochs': {
        const mine = [...keys.keys()].sort();
        const wanted = mine.filter((keyId) =>
          command.only === undefined
            ? keyId > (command.after ?? '') && sharings(index, keyId).length > 1
            : keyId === command.only,
        );
        return {
          t: 'epochs',
          more: false,
          keys: wanted.map((keyId) => ({
            keyId,
            epochs: sharings(index, keyId).map(({ epoch, generation, certified }) => ({
              epoch,
              generation,
              statement: stated(index, keyId, epoch),
              ...(certified ? { confirmation: promised(index, keyId, epoch) } : {}),
            })),
          })),
        };
      }
      case 'KeyCertificate': {
        const named = command.statements.find((each) => each.index === index)?.signature;
        for (const one of keys.has(command.keyId) ? sharings(index, command.keyId) : [])
          if (stated(index, command.keyId, one.epoch).signature === named) one.certified = true;
        return { t: 'done' };
      }
      case 'EpochConfirmed': {
        const list = sharings(index, command.keyId);
        const generation = list.find(({ epoch }) => epoch === command.epoch)?.generation;
        if (command.confirmations.length !== 5 || generation === undefined) return { refuse: 'E_ACKS' };
        const left = list.filter(
          (each) => each.generation > generation || (each.generation === generation && each.certified),
        );
        list.splice(0, list.length, ...left);
        return { t: 'done' };
      }
      case 'RecordCatchUp': {
        const [like] = command.marks;
        if (!like) return { refuse: 'E_ACKS' };
        const bytes = markBytes(ORG, like.recordId, like.mark, Buffer.from(like.nullifier, 'base64url'));
        return { t: 'mark', mark: { ...like, index, signature: signText(index, bytes) } };
      }
      case 'Pending':
        return { t: 'pending', keys: [] };
      case 'Status':
        return {
          t: 'status',
          status: {
            index,
            version: '0.1.0',
            backends: { secp256k1: 'test' },
            keys: 0,
            prssSession: null,
            peersOnline: [],
          },
        };
      default:
        return { t: 'done' };
    }
  }

  /** Where the children of masters stand, by key. */
  const paths = new Map<string, string>();

  function act(
    index: number,
    command: Pick<Act, 'request' | 'assertion' | 'path' | 'keyEpoch'>,
  ): Result | { readonly refuse: string } {
    const { method, path, payload } = command.request;
    const nullifier = nullifierOf(command);
    const body = JSON.parse(payload || '{}') as Readonly<Record<string, unknown>>;
    const isKeyRun = method === 'POST' && /^\/(keys|wallets)(\/import)?$/.test(path);
    if (isKeyRun && !reusesKey(body)) {
      const keyId = deriveId('key', nullifier);
      const wanted = String(body['network']);
      const isEdwards = isNetwork(wanted) && network(wanted).schemes[0]?.curve === 'ed25519';
      const curve = String(body['curve'] ?? (isEdwards ? 'ed25519' : 'secp256k1'));
      const { deriveFrom } = { ...body, ...(body['signingKey'] as object | undefined) } as {
        deriveFrom?: { path?: string };
      };
      const childPath = paths.get(keyId) ?? deriveFrom?.path ?? command.path;
      if (deriveFrom !== undefined && childPath !== undefined) paths.set(keyId, childPath);
      const secret = keys.get(keyId) ?? newKey(keyId, curve);
      keys.set(keyId, secret);
      keyIds.set(keyId, keyId).set(deriveId('wa', nullifier), keyId);
      const publicKey = publicKeyOf(secret, curve);
      const epoch = Buffer.from(firstEpoch(keyId), 'hex');
      const statement = { index, signature: signText(index, keyStatementBytes(ORG, keyId, curve, publicKey, epoch)) };
      const walletId = deriveId('wa', nullifier);
      return {
        t: 'key',
        keyId,
        publicKey: toHex(publicKey),
        epoch: toHex(epoch),
        statement,
        ...(path.startsWith('/wallets') ? { walletId, mark: mark(index, walletId, 'wallet', command) } : {}),
        ...(deriveFrom === undefined || childPath === undefined ? {} : { path: childPath }),
      };
    }
    if (isKeyRun) return { t: 'mark', mark: mark(index, deriveId('wa', nullifier), 'wallet', command) };
    const recordId = path.split('/')[2] ?? '';
    if (method === 'DELETE') return { t: 'mark', mark: mark(index, recordId, 'archived', command) };
    if (path.endsWith('/delegate'))
      return { t: 'mark', mark: mark(index, keyIds.get(recordId) ?? '', 'delegated', command) };
    if (path.endsWith('/export')) {
      const keyId = keyIds.get(recordId) ?? '';
      return { t: 'share', keyId, encryptedKeyShare: 'c2hhcmU=', mark: mark(index, keyId, 'exported', command) };
    }
    if (path.endsWith('/derive')) {
      const output = createHash('sha256').update(`${recordId} ${payload}`).digest('hex');
      return { t: 'output', output, culprits: [] };
    }
    if (path.endsWith('/signatures')) {
      const keyId = keyIds.get(recordId) ?? '';
      const named = command.keyEpoch;
      const mayUse = sharings(index, keyId).some(({ epoch, certified }) => certified && epoch === named);
      if (named !== undefined && keys.has(keyId) && !mayUse) return { refuse: 'E_EPOCH' };
      const secret = keys.get(keyIds.get(recordId) ?? '');
      if (!secret) return { refuse: 'E_NOT_FOUND' };
      return { t: 'signatures', signatures: [{ signature: signBody(secret, body) }] };
    }
    return { refuse: 'E_COMMAND' };
  }

  const link: ClusterLink = {
    online: () => [...online],
    onPush: (listener) => {
      pushListeners.add(listener);
      return () => pushListeners.delete(listener);
    },
    onPresence: (listener) => {
      presenceListeners.add(listener);
      return () => presenceListeners.delete(listener);
    },
    async send(index, sent) {
      if (!online.includes(index)) throw new ClusterError('E_RELAY_OFFLINE', 'offline');
      const command = typeof sent === 'string' ? decodeCommand(sent) : sent;
      commands.push({ index, command });
      const done = behaviours.get(index)?.(command) ?? usual(index, command);
      if (done === 'lost') throw new ClusterError('E_RELAY_LOST', 'lost');
      if (done === 'silent') return new Promise<Reply>(() => {});
      const { id } = command;
      if ('refuse' in done) {
        const { culprits, details } = done as { culprits?: readonly number[]; details?: Record<string, string> };
        return {
          v: 1,
          id,
          ok: false,
          error: {
            code: done.refuse,
            message: `refused: ${done.refuse}`,
            ...(culprits === undefined ? {} : { culprits }),
            ...(details === undefined ? {} : { details }),
          },
        };
      }
      return { v: 1, id, ok: true, result: done };
    },
  };

  return {
    roster,
    link,
    sharings,
    behaviours,
    commands,
    setOnline(...indices) {
      online = indices;
      for (const listener of [...presenceListeners]) listener([...online]);
    },
    push: (index, push) => {
      for (const listener of [...pushListeners]) listener(index, push);
    },
    ack(index, { org, height, head }) {
      const bytes = ackBytes(org, height, Buffer.from(head, 'base64url'));
      return { t: 'ack', ack: { index, org, height, head, signature: signText(index, bytes) } };
    },
  };
}

const firstEpoch = (keyId: string): string => createHash('sha256').update(keyId).digest('hex');

export const ORG = 'or-testt-testt-0123456789abcdef';

/** Tests put the nullifier where a real challenge would be: the client data of the assertion. */
export const nullifierOf = (act: Pick<Act, 'assertion'>): Uint8Array =>
  createHash('sha256')
    .update((act.assertion as ChallengeAssertion).clientData)
    .digest();

const seedOf = (text: string): Uint8Array => createHash('sha256').update(text).digest();

function reusesKey(body: Readonly<Record<string, unknown>>): boolean {
  const { signingKey } = body as { signingKey?: { id?: string } };
  return signingKey?.id !== undefined;
}

/** PKCS#8 of RFC 8410 and SEC 1 around a seed, so that a test run makes the same keys every time. */
function newKey(label: string, curve: string): KeyObject {
  const seed = seedOf(label);
  if (curve === 'ed25519') {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  }
  const der = Buffer.concat([Buffer.from('302e0201010420', 'hex'), seed, Buffer.from('a00706052b8104000a', 'hex')]);
  return createPrivateKey({ key: der, format: 'der', type: 'sec1' });
}

function publicKeyOf(secret: KeyObject, curve: string): Uint8Array {
  const { x = '', y = '' } = createPublicKey(secret).export({ format: 'jwk' });
  const bytes = Buffer.from(x, 'base64url');
  if (curve === 'ed25519') return new Uint8Array(bytes);
  const isOdd = ((Buffer.from(y, 'base64url').at(-1) ?? 0) & 1) === 1;
  return new Uint8Array(Buffer.concat([Buffer.from([isOdd ? 3 : 2]), bytes]));
}

const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Message on ed25519; on secp256k1 the Hash of the text `test`, which OpenSSL hashes itself. */
function signBody(secret: KeyObject, body: Readonly<Record<string, unknown>>): string {
  if (secret.asymmetricKeyType === 'ed25519') {
    return sign(null, Buffer.from(String(body['message']).replace(/^0x/, ''), 'hex'), secret).toString('hex');
  }
  const raw = sign('sha256', Buffer.from(SIGNED_TEXT), { key: secret, dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${raw.subarray(32).toString('hex')}`);
  const low = s > SECP256K1_ORDER / 2n ? SECP256K1_ORDER - s : s;
  return raw.subarray(0, 32).toString('hex') + low.toString(16).padStart(64, '0');
}

export const SIGNED_TEXT = 'test';
export const SIGNED_HASH = createHash('sha256').update(SIGNED_TEXT).digest('hex');
