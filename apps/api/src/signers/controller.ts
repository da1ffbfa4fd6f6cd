/**
 * Which engine signs ECDSA, and with whom (mpc-protocols §5.8; docs/specs/engine-controller.md): H while all five answer,
 * C with three otherwise; a signer that C names again and again comes last. It only ever decides who is asked: what the
 * api believes of one signer never makes another sign.
 */
import type { Env } from '@holdfast/contract/types';
import type { Attempt } from './attempts.ts';
import { refusalsOf } from './outcomes.ts';

export type EcdsaEngine = 'H' | 'C';

/** In the order of preference. */
export const ECDSA_ENGINES: readonly EcdsaEngine[] = ['H', 'C'];

/** How engine H makes the nonces of a group: each for itself, or all at once, to be discarded at once. */
export type EcdsaNonces = 'apart' | 'together';

export interface Controller {
  readonly engines: readonly EcdsaEngine[];
  readonly nonces: EcdsaNonces;
  /** Signers that come last, in every protocol. */
  quarantined(): number[];
  /** Whether H is worth a try: it is set, nobody it needs is set aside, and it has not just failed again and again. */
  triesH(): boolean;
  /** False for a while after signers said that the auxiliary set-up of C is not there yet. */
  isCReady(): boolean;
  /** What came of an attempt by H while all five were connected. */
  endedH(attempt: Attempt): void;
  /** What came of an attempt by C. */
  endedC(attempt: Attempt): void;
  /** For operators: counted since the start. */
  figures(): Readonly<Record<string, number>>;
}

/** Named so often, by both others of the run each time, a signer is set aside. */
export const NAMED_MAX = 3;
/** Then it is given another chance; one more naming sets it aside again. */
export const QUARANTINE_MS = 15 * 60_000;
/** H has no culprits. After so many failures in a row with all five there, it rests, and C signs at once. */
export const H_FAILURES_MAX = 3;
export const H_REST_MS = 30_000;
/** A cluster's first set-up takes about a minute; then C is worth a try again. */
export const C_SETTING_UP_MS = 15_000;

export function createController(o: {
  readonly env: Pick<Env, 'now' | 'log'>;
  readonly engines: readonly EcdsaEngine[];
  readonly nonces?: EcdsaNonces;
}): Controller {
  const { env, engines, nonces = 'apart' } = o;
  const named = new Map<number, number>();
  const asideUntil = new Map<number, number>();
  const counters = { h_signed: 0, h_failed: 0, c_signed: 0, c_failed: 0, alerts: 0 };
  let failuresInRow = 0;
  let restsUntil = 0;
  let settingUpUntil = 0;

  const quarantined = (): number[] =>
    [...asideUntil].flatMap(([index, until]) => (until > env.now() ? [index] : [])).sort((a, b) => a - b);
  const alert = (event: string, facts: Readonly<Record<string, unknown>>): void => {
    counters.alerts += 1;
    env.log(event, { alert: true, ...facts });
  };

  return {
    engines,
    nonces,
    quarantined,
    triesH: () =>
      engines.includes('H') && (!engines.includes('C') || (restsUntil <= env.now() && quarantined().length === 0)),
    isCReady: () => settingUpUntil <= env.now(),
    endedH({ signatures, outcomes }) {
      if (signatures) {
        counters.h_signed += 1;
        failuresInRow = 0;
        return;
      }
      counters.h_failed += 1;
      failuresInRow += 1;
      const codes = refusalsOf(outcomes).map(({ index, refusal }) => `${index}:${refusal.code}`);
      const silent = outcomes.flatMap((each) => ('lost' in each ? [each.index] : []));
      // Anonymous: one of five stops H, and nobody can be shown to be the one. Operators look at who was silent.
      if (failuresInRow === 1) alert('engine.h.failed', { codes, silent });
      if (failuresInRow < H_FAILURES_MAX) return;
      restsUntil = env.now() + H_REST_MS;
      failuresInRow = 0;
      alert('engine.h.rests', { ms: H_REST_MS, codes, silent });
    },
    endedC(attempt) {
      if (attempt.signatures) counters.c_signed += 1;
      else counters.c_failed += 1;
      if (lacksSetUp(attempt)) settingUpUntil = env.now() + C_SETTING_UP_MS;
      for (const index of culpritsOf(attempt)) {
        const times = (named.get(index) ?? 0) + 1;
        named.set(index, times);
        alert('engine.c.named', { signer: index, times });
        if (times < NAMED_MAX) continue;
        asideUntil.set(index, env.now() + QUARANTINE_MS);
        alert('signer.quarantined', { signer: index, times });
      }
    },
    figures: () => ({ ...counters, quarantined: quarantined().length }),
  };
}

/**
 * Whom both others of the run name. One signer's word is not enough, and two may still lie together: then an honest one
 * comes last for a while, which costs speed and nothing else.
 */
export function culpritsOf(attempt: Attempt): number[] {
  const { participants } = attempt;
  const accusations = accusationsIn(attempt);
  return participants.filter((suspect) => {
    const others = participants.filter((index) => index !== suspect);
    return others.every((other) => accusations.some(({ by, named }) => by === other && named.includes(suspect)));
  });
}

/** Some of the three have no auxiliary set-up, or another one than the operator wants used. */
export function lacksSetUp({ outcomes }: Pick<Attempt, 'outcomes'>): boolean {
  return refusalsOf(outcomes).some(({ refusal }) => refusal.code === 'E_ENGINE');
}

/** Who names whom. */
export function accusationsIn({ outcomes }: Attempt): { readonly by: number; readonly named: readonly number[] }[] {
  return refusalsOf(outcomes).map(({ index, refusal }) => ({ by: index, named: refusal.culprits ?? [] }));
}
