/**
 * What must hold after every schedule (docs/reliability/simulation.md §4). Each oracle looks at what left the processes
 * and what is on the disks, and compares it with what the users signed; none asks the product whether it is right.
 */
import { deriveId } from '@holdfast/authority/ids';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { decode, enc, f, i } from '@holdfast/crypto/transcript';
import { type Abort, attempt, type Machine, signedBytes } from '@holdfast/mpc/runtime';
import type { Machines, PeerMessage } from '@holdfast/signer/runs';
import type { Client, Signed } from './client.ts';
import type { SignerProcess, World } from './world.ts';

export interface Oracles {
  /** A message that a signer's own code handed to its channel, before anything alters it. */
  sent(from: SignerProcess, message: PeerMessage): void;
  returned(signed: Signed): void;
  derived(input: string, output: string): void;
  blamed(by: SignerProcess, code: string, culprits: readonly number[]): void;
  aborted(by: number, execId: Uint8Array, abort: Abort): void;
  deviated(index: number): void;
  said(text: string): void;
  canary(name: string, secret: Uint8Array): void;
  /** A process opened this disk. */
  opened(process: SignerProcess): void;
  violate(oracle: string, text: string): void;
  /** For the test of this oracle: the first nonce once more, in another run. */
  repeatNonce(): void;
  /** Everything that needs the whole run; answers all violations. */
  conclude(): readonly string[];
  /** Signing runs in which at least one nonce left a signer. */
  readonly runs: number;
  /** Of those, the ones whose first round has this format. */
  runsBy(tag: string): number;
}

interface Spoken {
  readonly index: number;
  readonly process: number;
  readonly execId: string;
  readonly round: number;
  readonly body: Uint8Array;
}

/** Round-one formats whose points are nonces: tag, then which fields. Sizes differ by curve. */
const nonceFormats = ([32, 33] as const).flatMap((size) => [
  { tag: 'mpc/frost/1/commitments/v1', fields: [f.bytes(32), f.point(size), f.point(size)], nonces: [1, 2] },
  { tag: 'mpc/ecdsa-h/1/open/v1', fields: [f.bytes(32), f.point(size), f.scalar()], nonces: [1] },
  {
    // The points under which k and γ are committed to; what γ itself becomes is said in round two.
    tag: 'mpc/cggmp24/1/commitments/v1',
    fields: [f.bytes(32), f.bytes(768), f.bytes(768), ...Array.from({ length: 5 }, () => f.point(size))],
    nonces: [4, 6],
  },
]);

export function createOracles(o: { readonly world: World; readonly client: () => Client | undefined }): Oracles {
  const { world } = o;
  const violations: string[] = [];
  const spoken = new Map<string, Spoken>();
  const deviators = new Set<number>();
  const texts: string[] = [];
  const canaries = new Map<string, Uint8Array>();
  const heads = new Map<string, string>();
  const heights = new Map<unknown, Map<string, number>>();
  const epochs = new Map<unknown, Map<string, string[]>>();
  const lengths = new Map<unknown, number>();
  const outputs = new Map<string, string>();
  let runs = 0;
  const runsOf = new Map<string, number>();
  const violate = (oracle: string, text: string): void => void violations.push(`${oracle}: ${text}`);

  /** N9 of one disk: what is committed agrees with everybody's, and nothing is shorter than it was. */
  const look = (index: number, disk: SignerProcess['disk']): void => {
    const before = heights.get(disk) ?? new Map<string, number>();
    heights.set(disk, before);
    for (const [org, height, head] of disk.rows(
      'select org, height, hex(head) from log where committed = 1 order by org, height',
    )) {
      const name = `${String(org)}/${Number(height)}`;
      const agreed = heads.get(name);
      if (agreed === undefined) heads.set(name, String(head));
      else if (agreed !== head) violate('N9', `signer ${index} committed another entry at ${name}`);
    }
    for (const [org, top] of disk.rows('select org, max(height) from log where committed = 1 group by org')) {
      const last = before.get(String(org)) ?? -1;
      if (Number(top) < last) violate('N9', `signer ${index} went back from height ${last} to ${Number(top)}`);
      before.set(String(org), Number(top));
    }
    // docs/specs/refresh.md: a later sharing replaces an earlier one, never the other way.
    for (const [keyId, epoch] of disk.rows('select keyId, hex(activeEpoch) from keys where activeEpoch is not null')) {
      const name = String(keyId);
      const used = epochs.get(disk)?.get(name) ?? [];
      if (used.at(-1) === epoch) continue;
      if (used.includes(String(epoch))) violate('N9', `signer ${index} went back to an earlier epoch of ${name}`);
      const ofDisk = epochs.get(disk) ?? new Map<string, string[]>();
      epochs.set(disk, ofDisk.set(name, [...used, String(epoch)]));
    }
    const length = Number(disk.rows('select coalesce(max(seq), 0) from journal')[0]?.[0] ?? 0);
    if (length < (lengths.get(disk) ?? 0)) violate('N9', `the journal of signer ${index} got shorter`);
    lengths.set(disk, length);
  };

  /** N5 and the half of N8 that is on the disks. Rows that a copy shares with its original count once. */
  const readJournals = (): Map<string, { digest: string; keyId: string }> => {
    const started = new Map<string, { digest: string; keyId: string; by: Map<number, string> }>();
    const seen = new Set<string>();
    const { intents } = o.client() ?? { intents: new Map() };
    for (const { index, disk } of world.disks()) {
      for (const [event, text, hash] of disk.rows('select event, facts, hex(hash) from journal order by seq')) {
        const row = `${index}/${String(hash)}`;
        if (seen.has(row)) continue;
        seen.add(row);
        const facts = JSON.parse(String(text)) as Record<string, string>;
        const { nullifier, keyId = '', digest = '' } = facts;
        if (event === 'peer.named') {
          const peer = world.roster.signers.find(({ signerId }) => toHex(signerId) === facts['peer']);
          if (peer === undefined || !deviators.has(peer.index))
            violate('N10', `signer ${index} keeps evidence against signer ${peer?.index}, who did nothing`);
        }
        if (nullifier === undefined) continue;
        const intent = intents.get(nullifier);
        const about = `signer ${index}, ${String(event)}`;
        if (intent === undefined || intent.org !== facts['org']) {
          violate('N5', `${about}: no user signed ${nullifier}`);
          continue;
        }
        if (event === 'sign.started') {
          if (intent.digest !== digest || intent.key?.keyId !== keyId) violate('N5', `${about}: not what was signed`);
          for (const execId of (facts['execIds'] ?? '').split(',')) {
            const known = started.get(execId) ?? { digest, keyId, by: new Map<number, string>() };
            started.set(execId, known);
            if (known.digest !== digest || known.keyId !== keyId) violate('N8', `${execId} stands for two digests`);
            if (known.by.has(index)) violate('N8', `signer ${index} started ${execId} twice`);
            known.by.set(index, row);
          }
        } else if (event === 'dkg.started' && deriveId('key', fromHex(nullifier)) !== keyId) {
          violate('N5', `${about}: a key of another request`);
        }
      }
    }
    return started;
  };

  /** The half of N8 that went over the wire. */
  const compareNonces = (started: ReadonlyMap<string, { digest: string; keyId: string }>): void => {
    const uses = new Map<string, Spoken>();
    const answers = new Map<string, Spoken>();
    const spokenOf = new Set<string>();
    for (const each of spoken.values()) {
      const { index, execId, round } = each;
      if (!started.has(execId)) continue;
      const earlier = answers.get(`${index}/${execId}/${round}`);
      if (earlier !== undefined) violate('N8', `signer ${index} spoke twice in round ${round} of ${execId}`);
      answers.set(`${index}/${execId}/${round}`, each);
      if (round !== 1) continue;
      if (!spokenOf.has(execId)) {
        const tag = nonceFormats.find((format) => isTagged(each.body, format.tag))?.tag ?? '';
        runsOf.set(tag, (runsOf.get(tag) ?? 0) + 1);
      }
      spokenOf.add(execId);
      for (const nonce of noncesIn(each.body)) {
        const other = uses.get(nonce);
        if (other !== undefined)
          violate('N8', `signers ${other.index} and ${index} used one nonce point twice: ${nonce}`);
        uses.set(nonce, each);
      }
    }
    runs = spokenOf.size;
  };

  const hear = (from: SignerProcess, m: { execId: string; round: number; kind: string; body: Uint8Array }): void => {
    const { execId, kind, body } = m;
    const round = kind === 'echo' ? -m.round : m.round;
    const name = `${from.id}/${execId}/${round}`;
    const before = spoken.get(name);
    if (before === undefined)
      spoken.set(name, { index: from.index, process: from.id, execId, round, body: body.slice() });
    else if (Buffer.compare(before.body, body) !== 0)
      violate('N8', `signer ${from.index} said two things in round ${round} of ${execId}`);
  };

  const noncesIn = (body: Uint8Array): string[] => {
    for (const { tag, fields, nonces } of nonceFormats) {
      if (!isTagged(body, tag)) continue;
      try {
        const values = decode(tag, body, fields as Parameters<typeof decode>[2]) as unknown as Uint8Array[];
        return nonces.map((at) => toHex(values[at] as Uint8Array));
      } catch {
        // Another format: the next one.
      }
    }
    return [];
  };

  const searchCanaries = (): void => {
    const said = Buffer.from(texts.join('\n'));
    const cells = Buffer.concat(world.disks().flatMap(({ disk }) => [...disk.cells(), Buffer.from([0])]));
    const spokenAloud = Buffer.concat([...spoken.values()].map(({ body }) => body));
    for (const [name, secret] of canaries) {
      const raw = Buffer.from(secret);
      const written = (['hex', 'base64', 'base64url'] as const).map((form) => Buffer.from(raw.toString(form)));
      if (written.some((form) => said.includes(form))) violate('N7', `${name} was said`);
      if (cells.includes(raw)) violate('N7', `${name} is on a disk in the clear`);
      if (spokenAloud.includes(raw)) violate('N7', `${name} was broadcast`);
    }
  };

  return {
    get runs() {
      return runs;
    },
    runsBy: (tag) => runsOf.get(tag) ?? 0,
    violate,
    deviated: (index) => void deviators.add(index),
    said: (text) => void texts.push(text),
    canary: (name, secret) => void canaries.set(name, secret.slice()),
    sent(from, message) {
      if (message.kind !== 'bcast' && message.kind !== 'echo') return;
      hear(from, { ...message, execId: toHex(message.execId) });
      // A group says in its first round what each of its elements says, under the element's own id.
      for (const element of elementsOf(message.body)) hear(from, { ...message, ...element });
    },
    returned({ key, verifies, signature }) {
      if (!verifies)
        violate('N4', `a signature by ${key.keyId} that does not verify was returned: ${toHex(signature)}`);
    },
    derived(input, output) {
      const before = outputs.get(input) ?? output;
      outputs.set(input, before);
      if (before !== output) violate('N4', `two outputs for ${input}`);
    },
    blamed(by, code, culprits) {
      for (const culprit of culprits) {
        if (!deviators.has(culprit))
          violate('N10', `signer ${by.index} named signer ${culprit} for ${code}, who did nothing`);
      }
    },
    aborted(by, execId, { code, culprits, evidence = [] }) {
      for (const culprit of culprits) {
        if (!deviators.has(culprit))
          violate('N10', `a run of signer ${by} named ${culprit} for ${code}, who did nothing`);
      }
      // What is not signed is bound by what is: an opening by its commitment.
      const signed = evidence.filter(({ sig }) => sig !== undefined);
      if (evidence.length > 0 && signed.length === 0)
        violate('N10', `evidence of signer ${by} for ${code} is unsigned`);
      for (const message of signed) {
        if (message.sig === undefined || !isSigned(world, execId, message, message.sig))
          violate('N10', `evidence of signer ${by} for ${code} does not verify`);
        else if (!culprits.includes(message.from))
          violate('N10', `evidence of signer ${by} is not about whom it names`);
      }
    },
    opened(process) {
      const damaged = process.store.journal.damagedAt();
      if (damaged !== undefined) violate('N9', `the journal of signer ${process.index} is damaged at ${damaged}`);
      look(process.index, process.disk);
    },
    repeatNonce() {
      const firsts = [...spoken].filter(([, { round, body }]) => round === 1 && noncesIn(body).length > 0);
      const [, one] = firsts[0] ?? [];
      const [name, other] = firsts.find(([, { execId }]) => execId !== one?.execId) ?? [];
      if (one !== undefined && other !== undefined && name !== undefined)
        spoken.set(name, { ...other, body: one.body });
    },
    conclude() {
      for (const { index, disk } of world.disks()) look(index, disk);
      compareNonces(readJournals());
      searchCanaries();
      return [...new Set(violations)];
    },
  };
}

const GROUP_ROWS = 'mpc/group/1/row/v1';
const GROUP_COLUMNS = 'mpc/group/1/columns/v2';

/** Whether the bytes begin as those of this tag do (docs/specs/encoding.md): most messages are of another kind. */
function isTagged(body: Uint8Array, tag: string): boolean {
  return Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 64)).includes(tag);
}

/**
 * docs/specs/group-signing.md: what the first message of a group says of each element, as the element would say it
 * alone; nothing for any other message.
 */
function elementsOf(body: Uint8Array): { execId: string; body: Uint8Array }[] {
  return rowsOf(body) ?? columnsOf(body) ?? [];
}

function rowsOf(body: Uint8Array): { execId: string; body: Uint8Array }[] | undefined {
  if (!isTagged(body, GROUP_ROWS)) return undefined;
  const several = { max: 128 };
  const fields = [
    f.bytes({ max: 16 }),
    f.list(f.bytes(32), several),
    f.list(f.bytes({ max: 65_536 }), several),
  ] as const;
  const row = attempt(() => decode(GROUP_ROWS, body, fields));
  return row?.[1].map((id, at) => ({ execId: toHex(id), body: row[2][at] as Uint8Array }));
}

function columnsOf(body: Uint8Array): { execId: string; body: Uint8Array }[] | undefined {
  if (!isTagged(body, GROUP_COLUMNS)) return undefined;
  const widths = [32, 32, 65, 32];
  const fields = [f.bytes({ max: 16 }), ...widths.map((width) => f.bytes({ max: 128 * width }))];
  const [, ...columns] = (attempt(() => decode(GROUP_COLUMNS, body, fields)) ?? []) as Uint8Array[];
  const [ids] = columns;
  if (ids === undefined) return undefined;
  return Array.from({ length: ids.length / 32 }, (_, at) => {
    const [id, context, R, w] = columns.map((bytes, c) => {
      const width = widths[c] as number;
      return bytes.subarray(width * at, width * (at + 1));
    }) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    // What stands for a point in a simulation without arithmetic has 33 bytes and zeros behind.
    const point = R.slice(0, 33);
    if (R.subarray(33).some((byte) => byte !== 0)) point[0] = 2 | ((R[64] as number) & 1);
    const alone = enc('mpc/ecdsa-h/1/open/v1', i.bytes(context), i.point(point), i.scalar(w));
    return { execId: toHex(id), body: alone };
  });
}

function isSigned(
  world: World,
  execId: Uint8Array,
  m: Parameters<typeof signedBytes>[1] & { readonly from: number },
  sig: Uint8Array,
): boolean {
  const identity = world.identities.get(m.from);
  return identity !== undefined && Buffer.compare(identity.sign(signedBytes(execId, m)), sig) === 0;
}

/** Shows every abort of every machine, with its evidence, which the driver keeps to itself. */
export function watched(machines: Machines, tell: (self: number, execId: Uint8Array, abort: Abort) => void): Machines {
  const wrap =
    <Args extends readonly [{ readonly self: number }, ...unknown[]], Out>(create: (...args: Args) => Machine<Out>) =>
    (...args: Args): Machine<Out> => {
      const machine = create(...args);
      let told = false;
      const look = <T>(effects: T): T => {
        const status = machine.status();
        if (status.s === 'aborted' && !told) {
          told = true;
          tell(args[0].self, machine.execId, status.abort);
        }
        return effects;
      };
      return new Proxy(machine, {
        get(target, name) {
          const value = Reflect.get(target, name, target) as unknown;
          if (typeof value !== 'function') return value;
          const method = value.bind(target) as (...given: unknown[]) => unknown;
          return name === 'receive' || name === 'peerGone' ? (...given: unknown[]) => look(method(...given)) : method;
        },
      });
    };
  const entries = Object.entries(machines).map(([name, create]) => [name, wrap(create as never)]);
  return Object.fromEntries(entries) as unknown as Machines;
}
