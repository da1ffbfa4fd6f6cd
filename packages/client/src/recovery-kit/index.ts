/**
 * Recovery kits: a key made on the user's own machine, kept in a file, and good for one thing: to put new credentials
 * in the place of lost ones. Web Crypto, so the same code runs in browsers and in Node. docs/specs/recovery-kit.md.
 */
import { keyAttestationText } from '@holdfast/authority/assertion';
import { decodeChallenge, recoveryContext } from '@holdfast/authority/challenge';
import {
  fromBase64,
  fromBase64Url,
  type JsonValue,
  parseStrictJson,
  toBase64Url,
  toHex,
  utf8,
  WireError,
} from '@holdfast/contract/wire';
import { equalBytes } from '@holdfast/crypto/transcript';
import { ChallengeRefused } from '../credentials/index.ts';
import { pemOf } from '../passkey-signer/index.ts';

/** The file. Whoever has it and the user's mails can take the account over: it is kept where money would be. */
export interface RecoveryKit {
  readonly v: 1;
  readonly kind: 'holdfast recovery kit';
  readonly apiUrl: string;
  readonly orgId: string;
  readonly username: string;
  /** base64url of 32 bytes: which cluster the account is on. */
  readonly clusterFingerprint: string;
  readonly credentialId: string;
  /** PEM. */
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface CredentialInfo {
  readonly credId: string;
  readonly clientData: string;
  readonly attestationData: string;
}

const KIT_CHARS_MAX = 4096;
const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SHA256 = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** A new recovery key, and its answer to the challenge of `POST /auth/credentials/init`. */
export async function makeRecoveryKit(
  account: Pick<RecoveryKit, 'apiUrl' | 'orgId' | 'username' | 'clusterFingerprint'>,
  challenge: string,
): Promise<{ readonly kit: RecoveryKit; readonly credentialInfo: CredentialInfo }> {
  const { subtle } = globalThis.crypto;
  const pair = await subtle.generateKey(P256, true, ['sign', 'verify']);
  const [spki, pkcs8] = [
    await subtle.exportKey('spki', pair.publicKey),
    await subtle.exportKey('pkcs8', pair.privateKey),
  ];
  const { apiUrl, orgId, username, clusterFingerprint } = account;
  const publicKey = pemOf('PUBLIC KEY', new Uint8Array(spki));
  const kit: RecoveryKit = {
    v: 1,
    kind: 'holdfast recovery kit',
    apiUrl,
    orgId,
    username,
    clusterFingerprint,
    credentialId: toBase64Url(new Uint8Array(await subtle.digest('SHA-256', spki))),
    publicKey,
    privateKey: pemOf('PRIVATE KEY', new Uint8Array(pkcs8)),
  };
  const clientData = utf8(JSON.stringify({ type: 'key.create', challenge }));
  const signature = await sign(pair.privateKey, utf8(keyAttestationText(clientData, publicKey)));
  const attestation = utf8(JSON.stringify({ publicKey, signature: toHex(signature), algorithm: 'SHA256' }));
  return {
    kit,
    credentialInfo: {
      credId: kit.credentialId,
      clientData: toBase64Url(clientData),
      attestationData: toBase64Url(attestation),
    },
  };
}

/** The text of the file. */
export const encodeRecoveryKit = (kit: RecoveryKit): string => `${JSON.stringify(kit, null, 2)}\n`;

export class KitRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KitRefused';
  }
}

/**
 * Reads the text of a file.
 * @throws KitRefused unless it is a whole kit whose private key belongs to its public key.
 */
export async function readRecoveryKit(text: string): Promise<RecoveryKit> {
  const kit = parse(text);
  const probe = utf8('holdfast recovery kit: do the two keys belong together?');
  const { subtle } = globalThis.crypto;
  try {
    const key = await subtle.importKey('spki', derOf(kit.publicKey, 'PUBLIC KEY'), P256, true, ['verify']);
    const signature = await sign(await privateKeyOf(kit), probe);
    const spki = new Uint8Array(await subtle.exportKey('spki', key));
    const id = new Uint8Array(await subtle.digest('SHA-256', spki));
    const isNamed = equalBytes(id, fromBase64Url(kit.credentialId));
    if (isNamed && (await subtle.verify(SHA256, key, copied(signature), copied(probe)))) return kit;
  } catch (cause) {
    throw new KitRefused('the keys in this file cannot be read', { cause });
  }
  throw new KitRefused('the keys in this file do not belong together');
}

/**
 * Signs the whole set of new credentials, each of which answers the challenge of the recovery.
 * @param challenge what `POST /auth/recover/user/init` answered; checked to recover this account with this key.
 */
export async function signRecovery(
  kit: RecoveryKit,
  challenge: string,
  newCredentials: JsonValue,
): Promise<{ readonly kind: 'RecoveryKey'; readonly credentialAssertion: object }> {
  const record = decodeChallenge(challenge);
  const isForThis =
    record.k === 'Recovery' &&
    record.o === kit.orgId &&
    record.c === kit.clusterFingerprint &&
    record.x === recoveryContext(kit.credentialId);
  if (!isForThis) throw new ChallengeRefused('the challenge is not for the recovery of this account with this kit');
  const set = toBase64Url(utf8(JSON.stringify(newCredentials)));
  const clientData = utf8(JSON.stringify({ type: 'key.get', challenge: set }));
  return {
    kind: 'RecoveryKey',
    credentialAssertion: {
      credId: kit.credentialId,
      clientData: toBase64Url(clientData),
      signature: toBase64Url(await sign(await privateKeyOf(kit), clientData)),
    },
  };
}

const members = [
  'apiUrl',
  'orgId',
  'username',
  'clusterFingerprint',
  'credentialId',
  'publicKey',
  'privateKey',
] as const;

function parse(text: string): RecoveryKit {
  if (text.length > KIT_CHARS_MAX) throw new KitRefused('this file is too large for a recovery kit');
  let value: JsonValue;
  try {
    value = parseStrictJson(text, { name: 'kit', depthMax: 1 });
  } catch (cause) {
    if (cause instanceof WireError) throw new KitRefused('this file is not a recovery kit', { cause });
    throw cause;
  }
  const kit = value as Readonly<Record<string, JsonValue>>;
  const isKit =
    typeof value === 'object' &&
    value !== null &&
    kit['v'] === 1 &&
    kit['kind'] === 'holdfast recovery kit' &&
    Object.keys(kit).length === members.length + 2 &&
    members.every((member) => typeof kit[member] === 'string');
  if (!isKit) throw new KitRefused('this file is not a recovery kit of this release');
  return value as unknown as RecoveryKit;
}

const privateKeyOf = (kit: RecoveryKit) =>
  globalThis.crypto.subtle.importKey('pkcs8', derOf(kit.privateKey, 'PRIVATE KEY'), P256, false, ['sign']);

/** r and s, 32 bytes each: what Web Crypto makes and the platform takes as it stands. */
async function sign(key: Parameters<typeof globalThis.crypto.subtle.sign>[1], bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await globalThis.crypto.subtle.sign(SHA256, key, copied(bytes)));
}

function derOf(pem: string, label: string): Uint8Array<ArrayBuffer> {
  const [, text = ''] =
    new RegExp(`^-----BEGIN ${label}-----\\n([A-Za-z0-9+/=\\n]+)\\n-----END ${label}-----\\n$`).exec(pem) ?? [];
  return copied(fromBase64(text.replaceAll('\n', '')));
}

/** Web Crypto wants bytes of its own buffer. */
const copied = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
