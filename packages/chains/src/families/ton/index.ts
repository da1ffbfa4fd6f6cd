/**
 * TON and ION: wallets of contract v4R2. A transaction is an external message to it, whose body still lacks its signature;
 * what is signed is the hash of that body.
 */
import { check, refuse } from '../../errors/index.ts';
import { concat, equal, hexMember, toHex0x } from '../bytes.ts';
import { planMessage, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type { Body, Facts, Family, Network, PublicKeyRef } from '../types.ts';
import { formatAddress, sameAddress, WALLET_ID, walletAddress, walletInit } from './address.ts';
import { type Cell, decodeBoc, encodeBoc, Slice } from './cell.ts';
import {
  type External,
  externalMessage,
  readComment,
  readExternal,
  readInternal,
  signedBody,
  unsignedBody,
} from './message.ts';
import { constructTon } from './transfer.ts';

const bytesMax = 65_536;
const path = 'transaction';

export const ton: Family = {
  name: 'ton',

  address: (key, network) => formatAddress(walletAddress(key), network),

  plan({ key, network, body }) {
    switch (body['kind']) {
      case 'Message':
        return planMessage(key, body);
      case 'Transaction': {
        const { payload } = readTransaction(key, body);
        return { items: [{ algorithm: 'eddsa', message: payload.hash }], facts: factsOf(payload, network) };
      }
      default:
        return unknownKind(body, ['Message', 'Transaction']);
    }
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const { r, s } = rs(raw);
    const signature = wire(raw, concat(r, s));
    if (body['kind'] === 'Message') return { signature };
    const { external, payload } = readTransaction(key, body);
    const signed = externalMessage({ ...external, body: signedBody(payload, raw.signature) });
    return { signature, signedData: toHex0x(encodeBoc(signed)) };
  },

  construct: constructTon,

  /** TEP-467: the hash of the message without what does not change it, its code that is, in one agreed form. */
  transactionId(signedData) {
    const bytes = hexMember({ signedData }, 'signedData', { min: 10, max: bytesMax });
    const { to, body } = readExternal(decodeBoc(bytes, 'signedData'), 'signedData');
    return toHex0x(externalMessage({ to, init: undefined, body }).hash).slice(2);
  },
};

function readTransaction(key: PublicKeyRef, body: Body): { readonly external: External; readonly payload: Cell } {
  const bytes = hexMember(body, path, { min: 10, max: bytesMax });
  const external = readExternal(decodeBoc(bytes, path), path);
  check(sameAddress(external.to, walletAddress(key)), path, 'is for another wallet');
  check(
    external.init === undefined || equal(external.init.hash, walletInit(key).hash),
    path,
    'deploys something other than this wallet',
  );
  return { external, payload: unsignedBody(external.body, WALLET_ID, path) };
}

/** Simple sends are read; plugins and whatever else the contract may take are signed as given, and said so. */
function factsOf(payload: Cell, network: Network): Facts {
  const slice = new Slice(payload, path);
  slice.bits(32);
  const validUntil = slice.uint(32);
  const seqno = slice.uint(32);
  const summary = [
    { label: 'Sequence', value: String(seqno) },
    { label: 'Valid until', value: String(validUntil) },
  ];
  const operation = slice.uint(8);
  if (operation !== 0n)
    return {
      interpreted: false,
      kind: 'Transaction',
      summary: [...summary, { label: 'Operation', value: String(operation) }],
    };
  while (slice.refsLeft > 0) {
    const mode = slice.uint(8);
    const sent = readInternal(slice.ref(), path);
    const said = sent.body === undefined ? undefined : readComment(sent.body);
    summary.push({ label: 'Sends', value: `${sent.value} to ${formatAddress(sent.to, network)}, mode ${mode}` });
    if (said !== undefined) summary.push({ label: 'Comment', value: said.slice(0, 200) });
    else if (sent.body !== undefined && sent.body.bits.length > 0)
      summary.push({ label: 'Body', value: toHex0x(sent.body.hash) });
    if (sent.deploys) summary.push({ label: 'Deploys', value: 'a contract' });
  }
  slice.end();
  return { interpreted: true, kind: 'Transaction', summary };
}
