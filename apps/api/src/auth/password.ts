/**
 * Passwords: scrypt (RFC 7914), which costs whoever guesses as much memory as it costs us. What is stored names its own
 * parameters, so that they can be raised later: docs/specs/factors.md §2. Signers never hear of a password.
 */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { refuse, WalletError } from '@holdfast/contract/errors';
import { fromBase64Url, toBase64Url, utf8 } from '@holdfast/contract/wire';
import type { Context } from '../context.ts';

/** As many as can be guessed at leisure have fewer; NIST SP 800-63B §5.1.1.2 asks for 8 where nothing else protects. */
const CHARS_MIN = 12;
const CHARS_MAX = 256;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** 128·N·r bytes: with N = 2^17 and r = 8 it is 128 MiB. */
const BLOCK_SIZE = 8;
const LOG2_N_MAX = 20;
const MEMORY_BYTES_MAX = 128 * 2 ** LOG2_N_MAX * BLOCK_SIZE + 2 ** 20;
/** Each has its memory to itself, and the pool of threads is shared with the disk. */
const AT_ONCE_MAX = 2;
const WAITING_MAX = 32;
const RETRY_AFTER_S = 5;

/** Refuses what is too short to be a secret or too long to be one. */
export function checkPassword(password: string): void {
  const { length } = [...normalised(password)];
  if (length < CHARS_MIN || length > CHARS_MAX) refuse('E_PASSWORD');
}

/** What is stored: `$scrypt$ln=<log2 N>,r=8,p=1$<salt>$<hash>`, both in base64url. */
export async function hashPassword(ctx: Pick<Context, 'env' | 'config'>, password: string): Promise<string> {
  const log2N = ctx.config.passwordCost;
  const salt = ctx.env.random(SALT_BYTES);
  return encode({ log2N, salt, hash: await derive(password, { log2N, salt }) });
}

/** Whether it is that password, and whether it was hashed with other parameters than a new one would be. */
export async function verifyPassword(
  ctx: Pick<Context, 'config'>,
  password: string,
  stored: string,
): Promise<{ readonly isRight: boolean; readonly isOutdated: boolean }> {
  const { log2N, salt, hash } = decode(stored);
  const isRight = timingSafeEqual(await derive(password, { log2N, salt }), hash);
  return { isRight, isOutdated: log2N !== ctx.config.passwordCost };
}

/** The same work as for a password that is there; nobody has this one. */
export async function pretendPassword(ctx: Pick<Context, 'config'>, password: string): Promise<void> {
  await derive(password, { log2N: ctx.config.passwordCost, salt: new Uint8Array(SALT_BYTES) });
}

interface Parameters {
  readonly log2N: number;
  readonly salt: Uint8Array;
}

function encode({ log2N, salt, hash }: Parameters & { readonly hash: Uint8Array }): string {
  return `$scrypt$ln=${log2N},r=${BLOCK_SIZE},p=1$${toBase64Url(salt)}$${toBase64Url(hash)}`;
}

function decode(stored: string): Parameters & { readonly hash: Uint8Array } {
  const [, log2N, salt, hash] = /^\$scrypt\$ln=(\d{2}),r=8,p=1\$([\w-]+)\$([\w-]+)$/.exec(stored) ?? [];
  if (log2N === undefined || salt === undefined || hash === undefined || Number(log2N) > LOG2_N_MAX)
    throw new TypeError('the stored password hash is damaged');
  return {
    log2N: Number(log2N),
    salt: fromBase64Url(salt, { bytes: SALT_BYTES }),
    hash: fromBase64Url(hash, { bytes: HASH_BYTES }),
  };
}

/** One text for all ways to type it (NIST SP 800-63B §5.1.1.2). */
const normalised = (password: string): string => password.normalize('NFKC');

async function derive(password: string, { log2N, salt }: Parameters): Promise<Uint8Array> {
  const leave = await enter();
  try {
    return await new Promise((resolve, reject) => {
      const cost = { N: 2 ** log2N, r: BLOCK_SIZE, p: 1, maxmem: MEMORY_BYTES_MAX };
      scrypt(utf8(normalised(password)), salt, HASH_BYTES, cost, (error, key) =>
        error === null ? resolve(new Uint8Array(key)) : reject(error),
      );
    });
  } finally {
    leave();
  }
}

let running = 0;
const waiting: (() => void)[] = [];

/** A place for one derivation; whoever would wait behind a whole queue is told to come back. */
async function enter(): Promise<() => void> {
  if (running >= AT_ONCE_MAX) {
    if (waiting.length >= WAITING_MAX)
      throw new WalletError('E_RATE_LIMIT', undefined, { details: { retryAfterS: RETRY_AFTER_S } });
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  return () => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
}
