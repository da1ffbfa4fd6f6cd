/** An organisation as its founder writes it down, before anybody else knows of it. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { encodeGenesis, genesisChallenge, genesisHash, genesisIds } from '@holdfast/authority/genesis';
import type { Roster } from '@holdfast/cluster/roster';
import { toBase64Url, toHex } from '@holdfast/contract/wire';

export interface NewGenesis {
  readonly orgId: string;
  /** Lower-case hex: what a signer's operator pins. */
  readonly hash: string;
  /** The body that founds it; the same body as often as it takes. */
  readonly request: object;
}

export function newGenesis(name: string, roster: Roster): NewGenesis {
  const pair = generateKeyPairSync('ed25519');
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  const credId = createHash('sha256').update(spki).digest('base64url');
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const genesis = encodeGenesis({
    v: 1,
    c: toBase64Url(roster.fingerprint),
    name,
    admin: {
      username: 'admin@later.example',
      credential: { kind: 'Key', id: credId, publicKey, algorithm: 'Ed25519' },
    },
    app: { origin: 'http://localhost:8787', rpId: 'localhost' },
    time: new Date().toISOString(),
    nonce: toBase64Url(randomBytes(16)),
  });
  const hash = genesisHash(genesis);
  const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge: genesisChallenge(genesis) }));
  const credentialAssertion = {
    credId,
    clientData: toBase64Url(clientData),
    signature: toBase64Url(sign(null, clientData, pair.privateKey)),
  };
  return {
    orgId: genesisIds(hash).org,
    hash: toHex(hash),
    request: { genesis, proof: { kind: 'Key', credentialAssertion } },
  };
}
