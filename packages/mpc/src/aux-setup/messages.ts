/** Slots and formats of the auxiliary set-up: docs/specs/auxiliary.md §4. */
import { enc, f, i } from '@holdfast/crypto/transcript';
import {
  type AuxPublic,
  type FacProof,
  facField,
  facItem,
  facOf,
  type ModProof,
  modField,
  modItem,
  modOf,
  type PrmProof,
  prmField,
  prmItem,
  prmOf,
  residueField,
  ringPedersenField,
  ringPedersenItem,
} from '../cggmp24/index.ts';
import { format, type Slot } from '../runtime/index.ts';

export interface Opening extends AuxPublic {
  readonly prm: PrmProof;
  readonly rho: Uint8Array;
  readonly u: Uint8Array;
}

/** Round 1, echoed: V. */
export const commitmentSlot: Slot<Uint8Array> = {
  round: 1,
  kind: 'bcast',
  echo: true,
  format: format({
    tag: 'mpc/aux/1/commitment/v1',
    fields: [f.bytes(64)],
    write: (V: Uint8Array) => [i.bytes(V)],
    read: ([V]) => V,
  }),
};

/** Round 2, to all; bound by V, and signed so that what is wrong with it can be shown to others. */
export const openingSlot: Slot<Opening> = {
  round: 2,
  kind: 'bcast',
  signed: true,
  large: true,
  format: format({
    tag: 'mpc/aux/2/opening/v1',
    fields: [residueField, ringPedersenField, prmField, f.bytes(32), f.bytes(32)],
    write: (o: Opening) => [...committedItems(o), i.bytes(o.u)],
    read: ([N, [NHat, s, t], prm, rho, u]) => ({ N, ringPedersen: { N: NHat, s, t }, prm: prmOf(prm), rho, u }),
  }),
};

/** Round 3, to all: one proof for everybody. */
export const modSlot: Slot<ModProof> = {
  round: 3,
  kind: 'bcast',
  signed: true,
  large: true,
  format: format({
    tag: 'mpc/aux/3/mod/v1',
    fields: [modField],
    write: (proof: ModProof) => [modItem(proof)],
    read: ([proof]) => modOf(proof),
  }),
};

/** Round 3, to each: a proof under the receiver's own parameters. */
export const facSlot: Slot<FacProof> = {
  round: 3,
  kind: 'p2p',
  signed: true,
  format: format({
    tag: 'mpc/aux/3/fac/v1',
    fields: [facField],
    write: (proof: FacProof) => [facItem(proof)],
    read: ([proof]) => facOf(proof),
  }),
};

/** Round 4: the identity signature over the outcome. */
export const acknowledgementSlot: Slot<Uint8Array> = {
  round: 4,
  kind: 'ack',
  format: format({
    tag: 'mpc/aux/4/acknowledgement/v1',
    fields: [f.bytes(64)],
    write: (signature: Uint8Array) => [i.bytes(signature)],
    read: ([signature]) => signature,
  }),
};

/** What V commits to: everything of the opening but u, which `hashCommit` takes by itself. */
export function committedBytes(o: Omit<Opening, 'u'>): Uint8Array {
  return enc('mpc/aux/1/committed/v1', ...committedItems(o));
}

function committedItems({ N, ringPedersen, prm, rho }: Omit<Opening, 'u'>) {
  return [i.uint(N), ringPedersenItem(ringPedersen), prmItem(prm), i.bytes(rho)];
}
