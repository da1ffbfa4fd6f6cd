import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  asJsonObject,
  canonicalJson,
  fromBase64,
  fromBase64Url,
  fromHex,
  type JsonLimits,
  parseStrictJson,
  parseStrictJsonBytes,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
  utf8Decode,
  visibleText,
} from './index.ts';

// Rerun a failure with HOLDFAST_SEED=<printed seed>.
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() & 0x7fffffff);
console.log(`seed ${seed}`);
const runs = { seed, numRuns: 400 };

const refused = (text: string, limits?: JsonLimits) => {
  try {
    parseStrictJson(text, limits);
  } catch (error) {
    const { code, message, path } = error as { code: string; message: string; path?: string };
    return { code, message, path };
  }
  return undefined;
};

test('reads what JSON.parse reads, with the same value', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false, maxDepth: 6 }), (text) => {
      const expected: unknown = JSON.parse(text);
      const seen = refused(text);
      if (seen === undefined) deepEqual(parseStrictJson(text), expected);
      else
        equal(
          ['E_JSON_NUMBER', 'E_JSON_FORBIDDEN_KEY', 'E_JSON_SURROGATE', 'E_JSON_NUL', 'E_JSON_DUPLICATE_KEY'].includes(
            seen.code,
          ),
          true,
        );
    }),
    runs,
  );
});

test('never reads what JSON.parse refuses, whatever one edit does to a valid text', () => {
  const edited = fc.tuple(
    fc.json({ maxDepth: 3 }),
    fc.nat(),
    fc.nat(3),
    fc.constantFrom(...'{}[]",:\\ \n0-.eEtfnu1\u0001é\ufeff'),
  );
  fc.assert(
    fc.property(edited, ([text, where, take, put]) => {
      const at = where % (text.length + 1);
      const changed = text.slice(0, at) + put + text.slice(at + take);
      let expected: unknown;
      try {
        expected = JSON.parse(changed);
      } catch {
        equal(refused(changed) !== undefined, true, changed);
        return;
      }
      if (refused(changed) === undefined) deepEqual(parseStrictJson(changed), expected);
    }),
    { ...runs, numRuns: 3000 },
  );
});

test('[bad-input 2] a text cut short anywhere, also inside an escape, a word or a number, ends where it ends', () => {
  const whole = '{"a":"\\u00e9\\n","b":[true,null,-1.5e+7,{}],"c":""}';
  for (let length = 1; length < whole.length; length += 1)
    throws(() => parseStrictJson(whole.slice(0, length)), {
      code: 'E_JSON_SYNTAX',
      message: `body is not valid JSON: unexpected end at byte ${length}`,
    });
  for (const [text, at] of [
    ['tru}', 3],
    ['"\\u00g9"', 5],
    ['-a', 1],
    ['[1.]', 2],
    ['[1e+]', 2],
  ] as const)
    throws(() => parseStrictJson(text), { message: `body is not valid JSON: unexpected character at byte ${at}` });
});

const documented: readonly [what: string, text: string, code: string, message: string, path?: string][] = [
  ['empty text', '', 'E_JSON_EMPTY', 'body is required: expected a JSON object'],
  ['white space only', ' \n', 'E_JSON_EMPTY', 'body is required: expected a JSON object'],
  [
    'truncated text',
    '{"network":"Ethereum","name":"treasury',
    'E_JSON_SYNTAX',
    'body is not valid JSON: unexpected end at byte 38',
  ],
  ['trailing bytes', '{}x', 'E_JSON_SYNTAX', 'body is not valid JSON: unexpected character at byte 2'],
  ['a second value', '{} {}', 'E_JSON_SYNTAX', 'body is not valid JSON: unexpected character at byte 3'],
  ['the byte, not the character', '{"é":x}', 'E_JSON_SYNTAX', 'body is not valid JSON: unexpected character at byte 6'],
  [
    'a duplicate member',
    '{"amount":"1","amount":"2"}',
    'E_JSON_DUPLICATE_KEY',
    'body.amount appears twice',
    'body.amount',
  ],
  [
    'a duplicate by escape',
    '{"amount":1,"am\\u006funt":2}',
    'E_JSON_DUPLICATE_KEY',
    'body.amount appears twice',
    'body.amount',
  ],
  [
    'a duplicate deep inside',
    '{"a":[{},{"b":1,"b":2}]}',
    'E_JSON_DUPLICATE_KEY',
    'body.a[1].b appears twice',
    'body.a[1].b',
  ],
  ['__proto__', '{"__proto__":{}}', 'E_JSON_FORBIDDEN_KEY', 'body.__proto__ is not an allowed name', 'body.__proto__'],
  ['__proto__ by escape', '{"\\u005f_proto__":{}}', 'E_JSON_FORBIDDEN_KEY', 'body.__proto__ is not an allowed name'],
  [
    'an escaped lone surrogate',
    '{"name":"\\ud83d"}',
    'E_JSON_SURROGATE',
    'body.name contains an unpaired surrogate',
    'body.name',
  ],
  [
    'a raw lone surrogate',
    '{"name":"\udc00"}',
    'E_JSON_SURROGATE',
    'body.name contains an unpaired surrogate',
    'body.name',
  ],
  ['swapped surrogates', '{"name":"\\ude00\\ud83d"}', 'E_JSON_SURROGATE', 'body.name contains an unpaired surrogate'],
  ['a zero character', '{"name":"a\\u0000b"}', 'E_JSON_NUL', 'body.name contains the character U+0000', 'body.name'],
  ['a zero character in a name', '{"a":{"\\u0000":1}}', 'E_JSON_NUL', 'body.a contains the character U+0000'],
  ['a byte order mark', '\ufeff{}', 'E_UTF8_BOM', 'body must be UTF-8 without byte order mark'],
  ['200,000 nested arrays', '['.repeat(200_000), 'E_JSON_DEPTH', 'body is nested deeper than 32'],
  ['200,000 nested objects', '{"a":'.repeat(200_000), 'E_JSON_DEPTH', 'body is nested deeper than 32'],
  ['an odd name', '{"a b":1,"a b":1}', 'E_JSON_DUPLICATE_KEY', 'body["a b"] appears twice', 'body["a b"]'],
];
for (const [what, text, code, message, path] of documented) {
  test(`refuses ${what}: ${message}`, () => {
    const seen = refused(text);

    equal(seen?.code, code);
    equal(seen?.message, message);
    if (path !== undefined) equal(seen?.path, path);
  });
}

for (const literal of [
  '1e400',
  '-1e400',
  '-0',
  '-0.0',
  '-0e5',
  '1e-400',
  '9007199254740992',
  '-9007199254740993',
  '1e16',
  `0.${'1'.repeat(40)}`,
]) {
  test(`refuses the number ${literal.slice(0, 24)}`, () => equal(refused(`{"n":${literal}}`)?.code, 'E_JSON_NUMBER'));
}
for (const text of [
  '01',
  '+1',
  '.5',
  '5.',
  '1e',
  '0x10',
  'NaN',
  'Infinity',
  "'a'",
  '{a:1}',
  '[1,]',
  '{"a":1,}',
  '[,]',
  '"\\x41"',
  '"\\u12g4"',
  '"\t"',
  '/**/1',
  'tru',
  'nul',
  '-',
  '"a',
  '[',
  '{"a"',
  '{"a":',
]) {
  test(`refuses ${text} as a syntax error`, () => equal(refused(text)?.code, 'E_JSON_SYNTAX'));
}
for (const [text, value] of [
  ['9007199254740991', 9007199254740991],
  ['1.5', 1.5],
  ['1e3', 1000],
  ['0', 0],
  ['0.0', 0],
  ['1e-7', 1e-7],
] as const) {
  test(`reads the number ${text}`, () => equal(parseStrictJson(text), value));
}

test('allows exactly the depth it is told', () => {
  equal(refused('[[[]]]', { depthMax: 3 }), undefined);
  equal(refused('[[[[]]]]', { depthMax: 3 })?.message, 'body is nested deeper than 3');
  equal(refused('[{"a":{"b":1}}]', { depthMax: 2 })?.code, 'E_JSON_DEPTH');
  equal(refused(`${'['.repeat(32)}${']'.repeat(32)}`), undefined);
  equal(refused(`${'['.repeat(33)}${']'.repeat(33)}`)?.code, 'E_JSON_DEPTH');
});

test('counts UTF-8 bytes, not characters, against the size limit', () => {
  equal(refused('"éé"', { bytesMax: 6 }), undefined);
  equal(refused('"éé"', { bytesMax: 5 })?.message, 'body must be at most 5 bytes');
  equal(refused('"😀"', { bytesMax: 6 }), undefined);
  equal(refused('"😀"', { bytesMax: 5 })?.code, 'E_JSON_SIZE');
});

test('never echoes more than 64 characters of input', () => {
  const member = 'x'.repeat(10_000);

  const seen = refused(`{"${member}":1,"${member}":2}`);

  equal(seen?.code, 'E_JSON_DUPLICATE_KEY');
  equal((seen?.message.length ?? 999) < 100, true);
});

test('reads a megabyte of anything in linear time', () => {
  for (const text of [
    `[${'0,'.repeat(400_000)}0]`,
    `"${'\\u0041'.repeat(160_000)}"`,
    `{${Array.from({ length: 60_000 }, (_, k) => `"k${k}":0`).join(',')}}`,
    `[${'1'.repeat(900_000)}]`,
  ]) {
    const start = process.hrtime.bigint();
    refused(text);
    equal(Number(process.hrtime.bigint() - start) / 1e6 < 1500, true);
  }
});

test('leaves the prototypes alone and keeps members called constructor', () => {
  const value = parseStrictJson('{"constructor":{"prototype":{"polluted":1}},"toString":2}');

  equal(Object.getPrototypeOf(value), Object.prototype);
  equal(({} as Record<string, unknown>)['polluted'], undefined);
});

for (const [what, bytes, message] of [
  ['an overlong form', [0x22, 0xc0, 0xaf, 0x22], 'body is not valid UTF-8'],
  ['a truncated sequence', [0x22, 0xe2, 0x82, 0x22], 'body is not valid UTF-8'],
  ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22], 'body is not valid UTF-8'],
  ['a UTF-8 byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d], 'body must be UTF-8 without byte order mark'],
  ['UTF-16 LE with mark', [0xff, 0xfe, 0x7b, 0, 0x7d, 0], 'body must be UTF-8 without byte order mark'],
  ['UTF-16 BE with mark', [0xfe, 0xff, 0, 0x7b, 0, 0x7d], 'body must be UTF-8 without byte order mark'],
  ['UTF-16 LE without mark', [0x7b, 0, 0x7d, 0], 'body must be UTF-8 without byte order mark'],
  ['UTF-16 BE without mark', [0, 0x7b, 0, 0x7d], 'body must be UTF-8 without byte order mark'],
] as const) {
  test(`refuses ${what} in bytes`, () => throws(() => parseStrictJsonBytes(Uint8Array.from(bytes)), { message }));
}

test('names what is not an object', () => {
  for (const text of ['[]', 'null', '"x"', '5']) {
    throws(() => asJsonObject(parseStrictJson(text)), { code: 'E_JSON_TYPE', message: 'body must be a JSON object' });
  }
  deepEqual(asJsonObject(parseStrictJson('{"a":1}')), { a: 1 });
});

test('canonicalJson is read back as it was given', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      let text: string;
      try {
        text = canonicalJson(value);
      } catch {
        return;
      }
      equal(text, JSON.stringify(value));
      deepEqual(parseStrictJson(text), JSON.parse(text));
    }),
    runs,
  );
});

for (const [what, value] of [
  ['undefined', { a: undefined }],
  ['minus zero', [-0]],
  ['NaN', [Number.NaN]],
  ['an unsafe integer', 2 ** 53],
  ['a bigint', 1n],
  ['an unpaired surrogate', '\ud800'],
  ['a name that would be reordered', { b: 1, 1: 2 }],
  ['a hole', new Array(1)],
] as const) {
  test(`canonicalJson refuses ${what}`, () => throws(() => canonicalJson(value), TypeError));
}

test('encodes as Buffer does and reads its own writing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      equal(toHex(bytes), buffer.toString('hex'));
      equal(toBase64(bytes), buffer.toString('base64'));
      equal(toBase64Url(bytes), buffer.toString('base64url'));
      deepEqual(fromHex(toHex(bytes)), bytes);
      deepEqual(fromHex(toHex(bytes).toUpperCase()), bytes);
      deepEqual(fromBase64(toBase64(bytes), { bytes: bytes.length }), bytes);
      deepEqual(fromBase64Url(toBase64Url(bytes), { bytes: bytes.length }), bytes);
    }),
    runs,
  );
});

test('a text that base64 reads is the text that base64 writes', () => {
  const text = fc.string({ unit: fc.constantFrom(...'AQgwxyz059+/-_= \n'), maxLength: 8 });
  fc.assert(
    fc.property(text, (candidate) => {
      for (const [read, write] of [
        [fromBase64, toBase64],
        [fromBase64Url, toBase64Url],
      ] as const) {
        let bytes: Uint8Array;
        try {
          bytes = read(candidate);
        } catch {
          continue;
        }
        equal(write(bytes), candidate);
      }
    }),
    { ...runs, numRuns: 3000 },
  );
});

for (const text of ['0', '0x00', 'gg', ' 00', '00\n', '0０']) {
  test(`refuses ${JSON.stringify(text)} as hex`, () => throws(() => fromHex(text), { code: 'E_HEX' }));
}
for (const text of [
  'AA',
  'AA=',
  'AB==',
  'AAB=',
  'A===',
  '=',
  'AA==AA==',
  'AA-_',
  ' AA==',
  'AA==\n',
  '====',
  'AAA',
  'é===',
]) {
  test(`refuses ${JSON.stringify(text)} as base64`, () => throws(() => fromBase64(text), { code: 'E_BASE64' }));
}
for (const text of ['A', 'AB', 'AA==', 'AA+/', 'AAB', 'AA ', 'A\u00c1', 'AAAA\n']) {
  test(`refuses ${JSON.stringify(text)} as base64url`, () =>
    throws(() => fromBase64Url(text), { code: 'E_BASE64URL' }));
}
test('refuses another length than the one asked for', () => {
  throws(() => fromHex('00', { bytes: 2 }), { code: 'E_HEX' });
  throws(() => fromBase64('AA==', { bytes: 2 }), { code: 'E_BASE64' });
  throws(() => fromBase64Url('AA', { bytes: 2, name: 'challenge.n' }), { code: 'E_BASE64URL', path: 'challenge.n' });
});

test('UTF-8 is neither replaced nor stripped', () => {
  equal(utf8Decode(utf8('\ufeffé😀')), '\ufeffé😀');
  throws(() => utf8('\ud800'), { code: 'E_UTF8' });
  throws(() => utf8Decode(Uint8Array.of(0xff)), { code: 'E_UTF8' });
});

test('refuses what is no text', () => {
  for (const value of [5, null, undefined, ['AA'], {}]) {
    throws(() => fromBase64Url(value as never), { code: 'E_BASE64URL' });
    throws(() => fromBase64(value as never), { code: 'E_BASE64' });
    throws(() => fromHex(value as never), { code: 'E_HEX' });
  }
});

test('looks at the size of bytes before it decodes them', () => {
  throws(() => parseStrictJsonBytes(new Uint8Array(7).fill(0xff), { bytesMax: 6 }), { code: 'E_JSON_SIZE' });
});

test('a text shows every character that would hide, turn or command something', () => {
  equal(visibleText('Große Kasse 1, “Ägypten” 東京 ✓'), 'Große Kasse 1, “Ägypten” 東京 ✓');
  for (const [text, shown] of [
    ['to\u202Etxt', 'to⟨U+202E⟩txt'],
    ['a\u200Bb\u2066c\uFEFF', 'a⟨U+200B⟩b⟨U+2066⟩c⟨U+FEFF⟩'],
    ['\u001B[2K\r\n', '⟨U+001B⟩[2K⟨U+000D⟩⟨U+000A⟩'],
    ['\u009B1A', '⟨U+009B⟩1A'],
    ['x\u{E0041}y', 'x⟨U+E0041⟩y'],
    ['\uD800', '⟨U+D800⟩'],
  ] as const)
    equal(visibleText(text), shown);
});

test('a text written from right to left is isolated from what stands beside it', () => {
  equal(visibleText('קופה 1'), '\u2068קופה 1\u2069');
  equal(visibleText('خزنة\u2069'), '\u2068خزنة⟨U+2069⟩\u2069');
});
