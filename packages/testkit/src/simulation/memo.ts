/**
 * Five signers and an api verify the same signatures, here in one process: whoever asks the same question of the same
 * library again gets the answer it gave. Nothing is believed that was not verified once, bit for bit the same.
 */
import crypto, { type KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const ANSWERS_MAX = 20_000;

type Verify = typeof crypto.verify;

/** From here on, in this process; answers how to undo it. */
export function rememberVerifications(): () => void {
  const real = crypto.verify;
  const answers = new Map<string, boolean>();
  const names = new WeakMap<object, number>();
  let named = 0;
  const nameOf = (key: KeyObject): number => {
    const known = names.get(key) ?? named++;
    names.set(key, known);
    return known;
  };
  const text = (bytes: Uint8Array): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const remembered = (...asked: Parameters<Verify>): unknown => {
    const [algorithm, data, key, signature] = asked;
    const isKey = key instanceof crypto.KeyObject;
    // Only what is asked most, Ed25519 by a key object: everything else goes on as it is.
    if ((asked as readonly unknown[]).length !== 4 || algorithm !== null || !isKey) return real(...asked);
    const bytes = [data, signature] as unknown as readonly Uint8Array[];
    if (!bytes.every((each) => each instanceof Uint8Array)) return real(...asked);
    const question = `${nameOf(key)}/${bytes.map(text).join('/')}/${bytes[1]?.length}`;
    const known = answers.get(question);
    if (known !== undefined) return known;
    const answer = real(algorithm, data, key, signature);
    if (answers.size >= ANSWERS_MAX) answers.clear();
    answers.set(question, answer);
    return answer;
  };
  crypto.verify = remembered as Verify;
  syncBuiltinESMExports();
  return () => {
    crypto.verify = real;
    syncBuiltinESMExports();
  };
}
