import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { createOpener, createSealer } from './cipher.ts';
import { PLAIN, readMessages, writeMessage } from './message.ts';

const frozen = JSON.parse(readFileSync(new URL('../../../../vectors/formats/frames.json', import.meta.url), 'utf8'));
const message = {
  execId: new Uint8Array(32).fill(1),
  round: 2,
  kind: 'p2p',
  to: 3,
  body: new Uint8Array([4, 5, 6]),
  sig: new Uint8Array(64).fill(7),
} as const;

test('format frames: what is made today is what was frozen, and the frozen frame opens', () => {
  const plain = Buffer.alloc(1 + 40 + 3 + 64);
  plain[0] = PLAIN.messages;
  equal(writeMessage(plain, 1, message, 3), plain.length);
  const key = fromHex(frozen.key);

  equal(toHex(plain), frozen.plain);
  equal(toHex(createSealer(key, fromHex(frozen.sessionId)).seal(plain)), frozen.frame);
  const opened = createOpener(key).open(Buffer.from(fromHex(frozen.frame)));
  deepEqual(
    readMessages(opened, 3).map((each) => ({
      ...each,
      execId: toHex(each.execId),
      body: toHex(each.body),
      sig: toHex(each.sig ?? new Uint8Array()),
    })),
    [{ ...message, execId: toHex(message.execId), body: toHex(message.body), sig: toHex(message.sig) }],
  );
});
