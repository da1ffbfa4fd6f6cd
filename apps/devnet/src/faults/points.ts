/** Which crash points a signer passes in each kind of work: recorded from five signers in one process, never listed. */
import { curve as curveOf } from '@holdfast/crypto/curves';
import { createTestApi, everybody, startTestCluster } from '@holdfast/testkit/cluster';

export interface Points {
  readonly ed25519: readonly string[];
  readonly bip340: readonly string[];
  readonly ecdsa: readonly string[];
  readonly create: readonly string[];
  readonly import: readonly string[];
  /** Of a child key, and of a derivation. */
  readonly child: readonly string[];
  readonly derive: readonly string[];
  /** Of one set-up of a session: how often each point is passed. */
  readonly session: ReadonlyMap<string, number>;
}

let recorded: Promise<Points> | undefined;

export function recordPoints(): Promise<Points> {
  recorded ??= record();
  return recorded;
}

/** Not the proposer of sessions, and one that takes part in every run below. */
const WITNESS = 2;

async function record(): Promise<Points> {
  const cluster = await startTestCluster('points of signers');
  const witness = cluster.signers[WITNESS - 1];
  if (witness === undefined) throw new Error('five signers');
  const session = new Map<string, number>();
  // Those of the start itself come first; a signer that dies there is a signer that was not started.
  for (const point of witness.points.slice(witness.points.lastIndexOf('store:start:after-flush') + 1))
    session.set(point, (session.get(point) ?? 0) + 1);

  const api = createTestApi(cluster);
  const org = await api.found('Acme');
  const user = org.admin;
  const settings = `/orgs/${org.org}/settings`;
  await api.govern({ org, user, method: 'PUT', path: settings, body: { keyImport: true } });
  const during = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    witness.points.length = 0;
    await work();
    return [...new Set(witness.points)];
  };
  const create = (body: object) => api.createKey({ org, user, path: '/wallets', body });
  const sign = async (wallet: { walletId?: string }, body: object, participants: readonly number[]) => {
    const path = `/wallets/${wallet.walletId}/signatures`;
    const session = api.session();
    await api.act({
      org,
      user,
      method: 'POST',
      path,
      body,
      participants: [...participants],
      ...(session === undefined ? {} : { session }),
    });
  };
  const hash = { kind: 'Hash', hash: `0x${'07'.repeat(32)}` };
  try {
    const eddsa = await create({ network: 'Solana' });
    const schnorr = await create({ network: 'Bitcoin', signingKey: { scheme: 'Schnorr', curve: 'secp256k1' } });
    const made = await during(() => create({ network: 'KeyECDSA' }));
    const ecdsa = await create({ network: 'KeyECDSA' });
    const key = (body: object) => api.createKey({ org, user, body });
    const master = await key({ scheme: 'EdDSA', curve: 'ed25519', masterKey: true });
    const dh = await key({ scheme: 'DH', curve: 'secp256k1' });
    const input = { domain: '0x01', seed: '0x02' };
    const secret = curveOf('ed25519').scalar.random(cluster.random);
    return {
      session,
      create: made,
      ed25519: await during(() => sign(eddsa, { kind: 'Message', message: '0x07' }, [1, 2, 3])),
      bip340: await during(() => sign(schnorr, hash, [1, 2, 3])),
      ecdsa: await during(() => sign(ecdsa, hash, everybody)),
      child: await during(() =>
        key({ scheme: 'EdDSA', curve: 'ed25519', deriveFrom: { keyId: master.keyId, path: 'm/0' } }),
      ),
      derive: await during(() =>
        api.act({ org, user, method: 'POST', path: `/keys/${dh.keyId}/derive`, body: input, participants: everybody }),
      ),
      import: await during(() =>
        api.importKey({ org, user, curve: 'ed25519', protocol: 'FROST', secret, network: 'Solana' }),
      ),
    };
  } finally {
    cluster.stop();
  }
}
