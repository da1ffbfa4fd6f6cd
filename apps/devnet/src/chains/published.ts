/**
 * Published examples of a family, from vectors/chains/<family>.json: addresses, and transactions with the secret they
 * were signed under. Both of our signature schemes are deterministic (RFC 6979, RFC 8032), so that the whole signed
 * transaction can be compared.
 */
import { equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { localKey, signItem } from '@holdfast/chains/conformance';
import {
  assembleSignature,
  type Body,
  type CurveName,
  family,
  loadFor,
  planSignature,
  type Scheme,
} from '@holdfast/chains/families';
import { network as findNetwork } from '@holdfast/chains/networks';

interface Published {
  readonly source: string;
  readonly licence: string;
  readonly addresses: readonly {
    readonly network: string;
    readonly scheme: Scheme;
    readonly curve: CurveName;
    readonly publicKey: string;
    readonly address: string;
  }[];
  readonly transactions: readonly {
    readonly name: string;
    /** Absent: the body names a kind of chain, as the example is of none of our networks. */
    readonly network?: string;
    readonly scheme: Scheme;
    readonly curve: CurveName;
    /** Published with the example; worthless. */
    readonly secret: string;
    readonly body: Body;
    readonly signedData: string;
    readonly id?: string;
  }[];
}

export function published(name: string): Published {
  return JSON.parse(readFileSync(new URL(`../../../../vectors/chains/${name}.json`, import.meta.url), 'utf8'));
}

/** Signs each published transaction and compares every byte, and the chain's name for it. */
export function publishedTransactions({ transactions }: Published): void {
  ok(transactions.length > 0);
  for (const { name, network, scheme, curve, secret, body, signedData, id } of transactions)
    test(`${network ?? body['blockchainKind']}: the published transaction "${name}" is signed to the same bytes`, async () => {
      await loadFor({ network, blockchainKind: body['blockchainKind'] });
      const key = localKey(scheme, curve, unhex(secret));
      const asked = { key, network, body };

      const signatures = planSignature(asked).items.map((item) => signItem(key, item));
      const assembled = assembleSignature({ ...asked, signatures });

      equal(assembled.signedData, signedData);
      if (id === undefined || network === undefined) return;
      const target = findNetwork(network);
      equal(family(target.family).transactionId?.(signedData, target), id);
    });
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
export const unhex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/^0x/, ''), 'hex'));
/** A secret that is nobody's. */
export const filled = (byte: number) => new Uint8Array(32).fill(byte);
