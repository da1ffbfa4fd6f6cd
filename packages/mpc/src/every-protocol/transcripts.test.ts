/** The frozen runs of vectors/transcripts: the same seed gives the same bytes, in every version of this code. */
import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SUBJECTS } from './subjects.ts';
import { fileOf, type Transcript, transcriptOf } from './transcript.ts';

const folder = new URL('../../../../vectors/transcripts/', import.meta.url);

for (const subject of SUBJECTS)
  test(`${subject.name} says on the wire what it said when it was frozen`, () => {
    const frozen = JSON.parse(readFileSync(new URL(fileOf(subject), folder), 'utf8')) as Transcript;
    const now = transcriptOf(subject);
    for (const [at, message] of frozen.messages.entries()) deepEqual(now.messages[at], message);
    equal(now.messages.length, frozen.messages.length);
    deepEqual(JSON.parse(JSON.stringify(now)), frozen);
  });

test('another seed says something else', () => {
  for (const subject of SUBJECTS.slice(0, 2)) {
    const [one, other] = [transcriptOf(subject), transcriptOf(subject, 'another')];
    const same = one.messages.filter((message, at) => said(message) === said(other.messages[at]));
    deepEqual(same, []);
  }
});

test('every frozen transcript is of a protocol that is run', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  deepEqual(files.sort(), SUBJECTS.map(fileOf).sort());
});

function said(message: Readonly<Record<string, unknown>> | undefined): unknown {
  return message?.['body'] ?? message?.['sha512'];
}
