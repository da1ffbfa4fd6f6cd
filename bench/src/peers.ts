/**
 * Others' threshold signing beside ours, in the same run: three of five sign, every party checks every share, aggregates
 * and verifies, all in one process without sockets, as in rows 3 and 4. Both peers do all arithmetic in JavaScript;
 * neither has an engine for ECDSA, for which no permissively licensed package was found.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FROST } from '@noble/curves/abstract/frost.js';
import { ed25519_FROST } from '@noble/curves/ed25519.js';
import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import { cpuOf, type Row, row } from './measure.ts';

const SIGNERS = { min: 3, max: 5 };

export const peers: readonly (() => Row[] | Promise<Row[]>)[] = [
  () => [row('3 beside: @noble/curves FROST ed25519, three signers together', 'ms', nobleSigning(ed25519_FROST))],
  () => [row('4 beside: @noble/curves FROST BIP-340, three signers together', 'ms', nobleSigning(schnorr_FROST))],
  () => [row('7 beside: @noble/curves key generation secp256k1, five together', 'ms', nobleDkg(schnorr_FROST))],
  () => [row('7 beside: @noble/curves key generation ed25519, five together', 'ms', nobleDkg(ed25519_FROST))],
  cmdcodeSigning,
];

function nobleSigning(frost: FROST): number[] {
  const dealt = frost.trustedDealer(SIGNERS);
  const three = Object.values(dealt.secretShares).slice(0, SIGNERS.min);
  const message = randomBytes(32);
  const [publicKey] = dealt.public.commitments;
  if (publicKey === undefined) throw new Error('a key without a commitment');
  return cpuOf(12, () => {
    const nonces = three.map((secret) => frost.commit(secret));
    const list = nonces.map(({ commitments }) => commitments);
    const shares = Object.fromEntries(
      three.map((secret, at) => {
        const own = nonces[at];
        if (own === undefined) throw new Error('a nonce is missing');
        return [secret.identifier, frost.signShare(secret, dealt.public, own.nonces, list, message)];
      }),
    );
    for (const { identifier } of three) {
      for (const [other, share] of Object.entries(shares))
        if (other !== identifier && !frost.verifyShare(dealt.public, list, message, other, share))
          throw new Error('a share does not verify');
      frost.aggregate(dealt.public, list, message, shares);
    }
  });
}

function nobleDkg(frost: FROST): number[] {
  return cpuOf(5, () => {
    const ids = Array.from({ length: SIGNERS.max }, (_, at) => frost.Identifier.fromNumber(at + 1));
    const parties = ids.map((id) => ({ id, ...frost.DKG.round1(id, SIGNERS) }));
    const second = parties.map(({ id, secret }) => ({
      id,
      sent: frost.DKG.round2(
        secret,
        parties.filter((p) => p.id !== id).map((p) => p.public),
      ),
    }));
    for (const { id, secret } of parties)
      frost.DKG.round3(
        secret,
        parties.filter((p) => p.id !== id).map((p) => p.public),
        second.flatMap(({ id: from, sent }) => (from === id ? [] : [sent[id] ?? missing()])),
      );
  });
}

async function cmdcodeSigning(): Promise<Row[]> {
  // biome-ignore lint/suspicious/noExplicitAny: a foreign library, used only to be measured; its types stay outside.
  const lib: any = await load('@cmdcode/frost/lib');
  if (lib === undefined) return [];
  const group = lib.create_dealer_set(SIGNERS.min, SIGNERS.max, [randomBytes(32).toString('hex')]);
  const three = group.shares.slice(0, SIGNERS.min);
  const message = randomBytes(32).toString('hex');
  const samples = cpuOf(8, () => {
    const commits = three.map((share: unknown) => lib.create_commit_pkg(share));
    const contexts = three.map(() => lib.get_group_signing_ctx(group.group_pk, commits, message));
    const sigs = three.map((share: unknown, at: number) =>
      lib.sign_msg(contexts[at], share, lib.get_commit_pkg(commits, share)),
    );
    for (const [at, ctx] of contexts.entries()) {
      for (const [k, sig] of sigs.entries())
        if (k !== at && !lib.verify_partial_sig(ctx, lib.get_commit_pkg(commits, three[k]), sig.pubkey, sig.psig))
          throw new Error('a share does not verify');
      if (!lib.verify_final_sig(ctx, message, lib.combine_partial_sigs(ctx, sigs))) throw new Error('not valid');
    }
  });
  return [row('4 beside: @cmdcode/frost BIP-340, three signers together', 'ms', samples)];
}

/** Installed on the first run from the lockfile beside it; without a registry its rows are left out and say so. */
async function load(name: string): Promise<unknown> {
  const folder = fileURLToPath(new URL('../peers/', import.meta.url));
  if (!existsSync(`${folder}node_modules/.package-lock.json`)) {
    const options = ['ci', '--workspaces=false', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { status } = spawnSync('npm', options, { cwd: folder, stdio: 'ignore' });
    if (status !== 0) {
      console.log(`${name}: not installed and not to be had; not measured`);
      return undefined;
    }
  }
  return import(pathToFileURL(createRequire(`${folder}package.json`).resolve(name)).href);
}

function missing(): never {
  throw new Error('a package of round 2 is missing');
}
