/** What this machine does with well-known work, so that figures of two machines can be compared as ratios. */
import { spawn } from 'node:child_process';
import { createDiffieHellman, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curve } from '@holdfast/crypto/curves';
import { rateOf } from './load.ts';
import { cpuOf, type Row, row } from './measure.ts';

export function calibration(): Row[] {
  return [baseMultiplication(), ecdsaVerify(), modularPower(), flushedWrite()];
}

function baseMultiplication(): Row {
  const secp = curve('secp256k1');
  const k = secp.scalar.random((n) => randomBytes(n));
  return row(
    'calibration: secp256k1 base multiplication',
    'ms',
    cpuOf(200, () => secp.mulBase(k), 100),
  );
}

function ecdsaVerify(): Row {
  const pair = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const message = randomBytes(32);
  const signature = sign('sha256', message, pair.privateKey);
  return row(
    'calibration: ECDSA verify (OpenSSL, secp256k1)',
    'ms',
    cpuOf(50, () => verify('sha256', message, pair.publicKey, signature), 20),
  );
}

function modularPower(): Row {
  const modulus = randomBytes(384);
  modulus[0] = 0xff;
  modulus[383] = 0xf1;
  const dh = createDiffieHellman(modulus, 2);
  dh.setPrivateKey(randomBytes(384));
  const base = randomBytes(383);
  return row(
    'calibration: 3072-bit modular power (OpenSSL)',
    'ms',
    cpuOf(10, () => dh.computeSecret(base)),
  );
}

function flushedWrite(): Row {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const file = openSync(join(folder, 'flushed'), 'w');
  const bytes = randomBytes(256);
  const samples = Array.from({ length: 200 }, () => {
    const start = performance.now();
    writeSync(file, bytes);
    fsyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  rmSync(folder, { recursive: true });
  return row('calibration: one flushed 256-byte write (wall)', 'ms', samples);
}

/** An HTTP server that answers at once, in a process of its own, under the load of row 11. */
export async function emptyRoute(): Promise<Row[]> {
  const source = `require('node:http').createServer((_, reply) => reply.end('{}')).listen(0, '127.0.0.1', function () { process.stdout.write(this.address().port + '\\n'); })`;
  const server = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const request = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const load = { host: '127.0.0.1', port: Number(port.toString()), connections: 64, request };
    await rateOf(load, 5_000);
    const rates: number[] = [];
    for (let round = 0; round < 5; round += 1) rates.push(await rateOf(load, 10_000));
    return [row('calibration: empty HTTP route, 64 connections', 'req/s', rates)];
  } finally {
    server.kill();
  }
}
