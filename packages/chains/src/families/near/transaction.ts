/** NEAR's transactions in Borsh (nomicon.io, "Transactions"; borsh.io), every action to its last byte. Borsh has one form for each value. */
import { check, refuse } from '../../errors/index.ts';
import type { Reader } from '../binary.ts';

export interface Action {
  readonly kind: string;
  /** Of a transfer, in yoctoNEAR. */
  readonly deposit?: bigint;
}

export interface Transaction {
  readonly signer: string;
  readonly publicKey: Uint8Array;
  readonly nonce: bigint;
  readonly receiver: string;
  readonly blockHash: Uint8Array;
  readonly actions: readonly Action[];
}

/** Lower case words in dots, dashes and underscores (nomicon.io, "Account ID Rules"). */
const account = /^(?=.{2,64}$)(([a-z\d]+[-_])*[a-z\d]+\.)*([a-z\d]+[-_])*[a-z\d]+$/;

export function isAccount(text: string): boolean {
  return account.test(text);
}

export function readTransaction(reader: Reader): Transaction {
  const signer = readAccount(reader);
  const publicKey = readKey(reader);
  const nonce = reader.le(8);
  const receiver = readAccount(reader);
  const blockHash = reader.take(32);
  const actions = readList(reader, (inner) => readAction(inner, true));
  check(actions.length <= 100, reader.path, `has ${actions.length} actions; at most 100 are possible`);
  return { signer, publicKey, nonce, receiver, blockHash, actions };
}

/** Delegated actions may not hold delegated ones again. */
function readAction(reader: Reader, mayDelegate: boolean): Action {
  const at = reader.at;
  const tag = reader.byte();
  switch (tag) {
    case 0:
      return { kind: 'CreateAccount' };
    case 1:
      reader.take(readLength(reader));
      return { kind: 'DeployContract' };
    case 2:
      reader.take(readLength(reader));
      reader.take(readLength(reader));
      reader.take(8 + 16);
      return { kind: 'FunctionCall' };
    case 3:
      return { kind: 'Transfer', deposit: reader.le(16) };
    case 4:
      reader.take(16);
      readKey(reader);
      return { kind: 'Stake' };
    case 5:
      readKey(reader);
      reader.take(8);
      readPermission(reader);
      return { kind: 'AddKey' };
    case 6:
      readKey(reader);
      return { kind: 'DeleteKey' };
    case 7:
      readAccount(reader);
      return { kind: 'DeleteAccount' };
    case 8:
      check(mayDelegate, reader.path, `has a delegated action inside another at byte ${at}`);
      readAccount(reader);
      readAccount(reader);
      readList(reader, (inner) => readAction(inner, false));
      reader.take(8 + 8);
      readKey(reader);
      reader.take(readTag(reader, 2) === 0 ? 64 : 65);
      return { kind: 'Delegate' };
    case 9:
      reader.take(readLength(reader));
      readTag(reader, 2);
      return { kind: 'DeployGlobalContract' };
    case 10:
      if (readTag(reader, 2) === 0) reader.take(32);
      else readAccount(reader);
      return { kind: 'UseGlobalContract' };
    default:
      refuse(reader.path, `has an action of unknown kind ${tag} at byte ${at}`);
  }
}

function readPermission(reader: Reader): void {
  if (readTag(reader, 2) === 1) return;
  if (readTag(reader, 2) === 1) reader.take(16);
  reader.take(readLength(reader));
  readList(reader, (inner) => inner.take(readLength(inner)));
}

/** Tag of the curve, then 32 bytes of Ed25519 or 64 of secp256k1. */
function readKey(reader: Reader): Uint8Array {
  const start = reader.at;
  reader.take(readTag(reader, 2) === 0 ? 32 : 64);
  return reader.bytes.subarray(start, reader.at);
}

function readAccount(reader: Reader): string {
  const at = reader.at;
  const text = new TextDecoder('latin1').decode(reader.take(readLength(reader)));
  check(isAccount(text), reader.path, `has a name that is no account's at byte ${at}`);
  return text;
}

function readTag(reader: Reader, below: number): number {
  const tag = reader.byte();
  check(tag < below, reader.path, `has an unknown value ${tag} at byte ${reader.at - 1}`);
  return tag;
}

function readLength(reader: Reader): number {
  const length = Number(reader.le(4));
  check(length <= reader.left, reader.path, `has a length of ${length} at byte ${reader.at - 4}, more than there is`);
  return length;
}

function readList<T>(reader: Reader, one: (reader: Reader) => T): readonly T[] {
  return Array.from({ length: readLength(reader) }, () => one(reader));
}
