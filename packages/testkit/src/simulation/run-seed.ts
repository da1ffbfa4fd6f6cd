/**
 * One seed: five signers and an api are set up, users ask for keys and signatures while everything that the seed drew
 * goes wrong, then it heals, and what must hold is looked at. The same seed gives the same run to the last line.
 */
import { toHex } from '@holdfast/contract/wire';
import { type SeededRandom, seededRandom } from '@holdfast/mpc/simulator';
import { machines as realMachines } from '@holdfast/signer/runs';
import { type Client, createClient, foundOrganisation, type KnownKey } from './client.ts';
import type { Disk } from './disk.ts';
import { fakeAuxiliary } from './fake-auxiliary.ts';
import { createFakeProvider } from './fake-machines.ts';
import { createHostileApi, createHostileSigner } from './hostile.ts';
import { createLoop } from './loop.ts';
import { createNetwork, FAIR, type LinkState, type Weather } from './network.ts';
import { createOracles, type Oracles, watched } from './oracles.ts';
import { newRows } from './rows.ts';
import { createWorld, type Hooks, type World } from './world.ts';

export type Provider = 'real' | 'fake' | 'mixed';

export interface SeedOptions {
  readonly seed: number;
  readonly provider: Provider;
  /** Points a process may die at, to choose from; none: nobody dies at one. */
  readonly points: readonly string[];
  readonly keepLines?: boolean;
  /** Nothing goes wrong, and everything a user can ask for is asked for once. */
  readonly calm?: boolean;
  /** Nothing goes wrong but one death, at this point. */
  readonly only?: string;
  /** Requests for signatures, many at once, instead of the few of every kind that a seed draws. */
  readonly requests?: number;
  /** At the end, before the oracles conclude: something that must not be, to show that they see it. */
  readonly sabotage?: (parts: { world: World; oracles: Oracles; client: Client }) => void;
}

export interface Counts {
  runs: number;
  requests: number;
  answered: number;
  refused: number;
  unanswered: number;
  signatures: number;
  keys: number;
  crashes: number;
  restarts: number;
  clones: number;
  restores: number;
  partitions: number;
  clockJumps: number;
  byzantine: number;
  hostileCommands: number;
  events: number;
  messages: number;
  lost: number;
  altered: number;
  aborts: number;
  /** Keys dealt anew to all five, after a signer had lost its share. */
  reshared: number;
  /** Of the signing runs, those of engine C. */
  byThree: number;
}

export interface SeedReport {
  readonly seed: number;
  readonly provider: 'real' | 'fake';
  readonly frames: boolean;
  readonly virtualMs: number;
  readonly traceHash: string;
  readonly violations: readonly string[];
  readonly counts: Counts;
  readonly pointsPassed: ReadonlySet<string>;
  readonly pointsDiedAt: ReadonlySet<string>;
  readonly refusals: ReadonlyMap<string, number>;
  readonly lines: readonly string[];
}

const CALM_MS = 5_000;
const TROUBLE_MS = 45_000;
/** reliability-goals.md R3: after healing everything ends within this time. */
const HEALED_MS = 60_000;
/** Every fifth seed of a mixed run takes the real protocols, every eighth the real sessions between signers. */
const REAL_EVERY = 5;
const CRASHES_MAX = 3;
const NONCES_SOUGHT = 16;
const FRAMES_EVERY = 8;

export async function runSeed(o: SeedOptions): Promise<SeedReport> {
  const { seed } = o;
  const name = `simulation/${seed}`;
  const random = seededRandom(`${name}/plan`);
  const provider = o.provider === 'mixed' ? (seed % REAL_EVERY === 0 ? 'real' : 'fake') : o.provider;
  const frames = seed % FRAMES_EVERY === 0;
  const loop = createLoop({ keepLines: o.keepLines === true });
  const network = createNetwork({ loop, random: seededRandom(`${name}/network`) });
  const rows = await newRows();
  const fake = provider === 'fake' ? createFakeProvider() : undefined;
  const counts = noCounts();
  const pointsPassed = new Set<string>();
  const pointsDiedAt = new Set<string>();
  const refusals = new Map<string, number>();
  let client: Client | undefined;
  const pending = new Set<object>();
  const waiting = new Map<object, () => void>();
  let troubled = false;
  let healing = false;
  /** Points that whoever passes them next, or the next time but one, dies at. */
  const fatal = new Map<string, number>();

  const hooks: Hooks = {
    peerMessage(from, to, message) {
      oracles.sent(from, message);
      const given = troubled && byzantine.has(from.index) ? hostileSigner.alter(from, to, message) : [message];
      const id = toHex(message.execId).slice(0, 8);
      const what = given.length === 1 && given[0] === message ? '' : ` altered to ${given.length}`;
      loop.trace(`s${from.index}#${from.id} → s${to} ${id} ${message.kind}${message.round}${what}`);
      return given;
    },
    command(index, text) {
      loop.trace(`api → s${index} ${kindOf(text)}`);
      return troubled && hostile ? hostileApi.passes(index, text) : true;
    },
    reply(from, command, reply) {
      const outcome = reply.ok ? 'ok' : reply.error.code;
      loop.trace(`s${from.index}#${from.id} answers ${command.kind} ${outcome}`);
      if (!reply.ok) {
        refusals.set(outcome, (refusals.get(outcome) ?? 0) + 1);
        oracles.blamed(from, outcome, reply.error.culprits ?? []);
      }
      const { culprits } = reply.ok ? (reply.result as { culprits?: readonly number[] }) : {};
      if (culprits !== undefined) oracles.blamed(from, 'a result', culprits);
      oracles.said(JSON.stringify(reply));
      return troubled && byzantine.has(from.index) ? hostileSigner.lie(from, reply) : reply;
    },
    log(who, event, facts) {
      const text = `${who} ${event} ${JSON.stringify(facts)}`;
      loop.trace(`log ${text}`);
      oracles.said(text);
      if (event === 'command.bug' || event === 'api.failed') oracles.violate('bug', text);
    },
    point({ signer, api }, point) {
      const who = signer === undefined ? 'api' : `s${signer.index}`;
      pointsPassed.add(point);
      const left = fatal.get(point);
      if (left === undefined || api?.alive === false) return false;
      if (left > 1) fatal.set(point, left - 1);
      else fatal.delete(point);
      if (left > 1) return false;
      counts.crashes += 1;
      pointsDiedAt.add(point);
      loop.trace(`${who} dies at ${point}`);
      return true;
    },
    started: (process) => oracles.opened(process),
    ended(process) {
      if (healing || process.isClone) return;
      loop.after(500 + random.below(troubled ? 8_000 : 500), () => {
        counts.restarts += 1;
        world.startSigner(process.index);
      });
    },
    apiEnded() {
      for (const hangUp of [...waiting.values()]) hangUp();
    },
    bug(who, error) {
      oracles.violate('bug', `${who} threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    },
  };
  const machines = watched(fake?.machines ?? realMachines, (self, execId, abort) => {
    counts.aborts += 1;
    oracles.aborted(self, execId, abort);
  });
  const auxiliary = auxiliaryOf(seed, { provider, only: o.only });
  const world = createWorld({
    seed: name,
    loop,
    network,
    rows,
    machines,
    frames,
    hooks,
    ...(auxiliary === undefined ? {} : { auxiliary }),
  });
  const oracles = createOracles({ world, client: () => client });
  const drawn = drawPlan(random);
  const plan =
    o.only === undefined
      ? { ...drawn, ...(o.requests === undefined ? {} : stormOf(drawn, o.requests)) }
      : {
          ...drawn,
          ...quiet,
          ...(/auxiliary/.test(o.only) ? { requests: 0 } : {}),
          ...(/named/.test(o.only) ? { byzantine: new Set([2]) } : {}),
        };
  const { byzantine, hostile } = plan;
  const hostileSigner = createHostileSigner({ world, random: seededRandom(`${name}/hostile signer`), oracles });
  const hostileApi = createHostileApi({ world, random: seededRandom(`${name}/hostile api`), counts });

  // ---- Calm: everybody starts, an organisation and a key are made ------------------------------------------------

  const ask = (label: string, work: () => Promise<unknown>): void => {
    const token = {};
    counts.requests += 1;
    pending.add(token);
    loop.trace(`user asks: ${label}`);
    const patience = loop.after(120_000, () => end('no answer'));
    const end = (outcome: string): void => {
      patience();
      waiting.delete(token);
      if (!pending.delete(token)) return;
      if (outcome === 'ok') counts.answered += 1;
      else if (outcome === 'no answer') counts.unanswered += 1;
      else counts.refused += 1;
      loop.trace(`user: ${label}: ${outcome}`);
    };
    waiting.set(token, () => end('no answer'));
    Promise.resolve()
      .then(work)
      .then(
        () => end('ok'),
        (error: unknown) => end(error instanceof Error && 'code' in error ? String(error.code) : String(error)),
      );
  };
  const keys = (): KnownKey[] => client?.keys ?? [];
  const createKey = async (scheme: KnownKey['scheme']): Promise<void> => {
    await known(client).createKey(scheme);
    counts.keys += 1;
  };
  const importKey = async (scheme: 'EdDSA' | 'ECDSA'): Promise<void> => {
    const { key, secret } = await known(client).importKey(scheme);
    fake?.learn({ publicKey: key.publicKey, secret });
    oracles.canary('an imported key', secret);
    counts.keys += 1;
  };
  const derive = async (pick: number): Promise<void> => {
    const derived = await known(client).derive(pick);
    if (derived !== undefined) oracles.derived(derived.input, derived.output);
  };
  const allow = (body: Readonly<Record<string, boolean>>): Promise<unknown> =>
    known(client).request('PUT', `/orgs/${known(client).organisation.org}/settings`, body);
  const sign = async (key: KnownKey): Promise<void> => {
    const signed = await known(client).sign(key);
    counts.signatures += 1;
    oracles.returned(signed);
  };

  const drawnPoints = Array.from({ length: o.points.length === 0 ? 0 : plan.crashes }, (_, k) =>
    String(o.points[(seed * CRASHES_MAX + k) % o.points.length]),
  );
  const fatalPoints = o.only === undefined ? drawnPoints : [o.only];
  // A disk is claimed once, at the very first start.
  for (const point of fatalPoints) if (point.startsWith('store:claim')) fatal.set(point, 1 + random.below(5));
  world.startApi();
  for (const index of [1, 2, 3, 4, 5]) world.startSigner(index);
  const isReady = (): boolean => {
    const { api } = world;
    const sessions = world.processes().map(({ signer }) => signer.session());
    return (
      api?.ctx.signers.online().length === 5 &&
      sessions.length === 5 &&
      sessions.every((each) => each !== null && each === sessions[0])
    );
  };
  await loop.run(CALM_MS, isReady);
  let founded = false;
  /** A signer as it was before there was a key: what it has to be dealt again. */
  let early: (() => Disk) | undefined;
  const setUp = (async () => {
    const organisation = await foundOrganisation({ world, random: seededRandom(`${name}/founder`) });
    client = createClient({ world, random: seededRandom(`${name}/client`), organisation });
    if (o.only !== undefined && /reshare/.test(o.only)) early = world.backUp(1 + (seed % 5));
    for (const scheme of plan.firstKeys) await createKey(scheme);
    founded = true;
  })();
  setUp.catch((error: unknown) =>
    oracles.violate('set-up', error instanceof Error ? (error.stack ?? '') : String(error)),
  );
  await loop.run(loop.now + 30_000, () => founded);
  if (!founded) oracles.violate('set-up', 'an organisation and keys were not made while nothing went wrong');

  // ---- Trouble ----------------------------------------------------------------------------------------------------

  const start = loop.now;
  if (founded && o.calm === true) await everything();
  else if (founded) {
    troubled = true;
    network.weather = plan.weather;
    counts.byzantine = byzantine.size;
    for (const index of byzantine) loop.trace(`s${index} turns`);
    const at = (ms: number, work: () => void): void => void loop.after(ms, () => (troubled ? work() : undefined));
    scheduleRequests();
    scheduleTrouble();
    await loop.run(start + TROUBLE_MS);

    function scheduleRequests(): void {
      for (let k = 0; k < plan.requests; k += 1) {
        const kind = random.below(100);
        const pick = random.below(1 << 30);
        // Where there are many they come in bursts, and most of them in groups.
        const when = o.requests === undefined ? random.below(TROUBLE_MS - 2_000) : random.below(40) * 1_000 + (k % 2);
        const isStorm = o.requests !== undefined;
        at(when, () => {
          const list = keys();
          const key = list[pick % list.length];
          if (isStorm && kind < 98 && key !== undefined) {
            ask(`sign with ${key.scheme} ${key.keyId}`, () => sign(key));
            return;
          }
          if (isStorm) {
            if (pick % 4 === 0) ask('refresh', () => known(client).refresh());
            else ask('create EdDSA', () => createKey('EdDSA'));
          } else if (kind < 52 && key !== undefined) ask(`sign with ${key.scheme} ${key.keyId}`, () => sign(key));
          else if (kind < 57) ask('derive', () => derive(pick));
          else if (kind < 59) ask('create a key for derivation', () => known(client).createDerivationKey());
          else if (kind < 61) ask('create a master and a child', () => known(client).createChild());
          else if (kind < 70 && key !== undefined) {
            // Those that come while one is under way form a group.
            for (let n = 0; n < 4; n += 1) ask(`sign ${n} with ${key.scheme} ${key.keyId}`, () => sign(key));
          } else if (kind < 74) ask('refresh', () => known(client).refresh());
          else if (kind < 86) {
            const scheme = (['EdDSA', 'ECDSA', 'Schnorr'] as const)[pick % 3] as KnownKey['scheme'];
            ask(`create ${scheme}`, () => createKey(scheme));
          } else if (kind < 91) ask('settings', () => allow({ keyImport: pick % 4 > 0, keyExport: pick % 4 > 1 }));
          else if (kind < 93) ask('import', () => importKey(pick % 2 === 0 ? 'EdDSA' : 'ECDSA'));
          else if (kind < 95 && key !== undefined) ask(`export ${key.keyId}`, () => known(client).exportKey(key));
          else if (kind < 97 && key !== undefined) ask(`archive ${key.keyId}`, () => known(client).archiveKey(key));
          else ask('create wallet', () => known(client).createWallet());
        });
      }
    }

    /** Something to ask for that leads past this point. */
    function demand(point: string): void {
      const [key] = keys();
      const user = known(client);
      // Signers make a set-up by themselves, when nobody asks for anything.
      if (/auxiliary/.test(point)) return;
      if (/reshare/.test(point) && early !== undefined) setBack(1 + (seed % 5), early, 'to before the first key');
      if (/export/i.test(point)) ask('settings', () => allow({ keyImport: true, keyExport: true }));
      if (/import/i.test(point)) ask('settings', () => allow({ keyImport: true, keyExport: true }));
      loop.after(/reshare/.test(point) ? 5_000 : 2_000, () => {
        if (!troubled) return;
        if (/reshare/.test(point) && key !== undefined) ask(`repair ${key.keyId}`, () => user.reshare(key.keyId));
        else if (/import/i.test(point)) ask('import', () => importKey('EdDSA'));
        else if (/export/i.test(point) && key !== undefined) ask(`export ${key.keyId}`, () => user.exportKey(key));
        else if (/deleteKey/.test(point) && key !== undefined) ask(`archive ${key.keyId}`, () => user.archiveKey(key));
        else if (/^wallets|record/.test(point)) ask('wallet, used and archived', () => walletToTheEnd());
        else if (/governance|authority/.test(point)) ask('settings', () => allow({ keyImport: true }));
        else if (/generateSignature|sign/.test(point) && key !== undefined)
          ask(`sign with ${key.keyId}`, () => sign(key));
        else if (/named/.test(point) && key !== undefined)
          for (let n = 0; n < 12; n += 1) loop.after(n * 600, () => ask(`sign with ${key.keyId}`, () => sign(key)));
        else if (/dkg|pending|activate|createKey|ack4|echo1|p2p2|bcast/.test(point))
          ask('create EdDSA', () => createKey('EdDSA'));
        else if (/refresh|epoch|erase/.test(point)) ask('refresh', () => user.refresh());
        else if (/derive/i.test(point)) ask('derive', () => user.createDerivationKey().then(() => derive(0)));
        else if (/child|ack2|store:hd/i.test(point)) ask('create a master and a child', () => user.createChild());
        else if (/group/.test(point) && key !== undefined)
          for (let n = 0; n < 6; n += 1) ask(`sign ${n} with ${key.keyId}`, () => sign(key));
        else if (/rejoin/.test(point)) setBack(1 + (seed % 5), world.backUp(1 + (seed % 5)), 'from a backup');
        else if (/session|start|p2p3/.test(point)) {
          const process = world.signer(1 + (seed % 5));
          if (process !== undefined) world.killSigner(process);
        }
      });
    }
    function setBack(index: number, earlier: () => Disk, how: string): void {
      const process = world.signer(index);
      if (process === undefined) return;
      counts.restores += 1;
      loop.trace(`s${index} is set back ${how}`);
      world.killSigner(process);
      loop.after(1, () => world.replaceDisk(index, earlier()));
    }
    async function walletToTheEnd(): Promise<void> {
      const user = known(client);
      const key = await user.createWallet();
      await sign(key);
      user.keys.splice(user.keys.indexOf(key), 1);
      await user.request('DELETE', `/wallets/${key.wallet?.id}`, {});
    }

    function scheduleTrouble(): void {
      for (const [k, point] of fatalPoints.entries()) {
        // A signer passes most of them often, the api each of them once for a request.
        const left = o.only === undefined && /^(store|run):/.test(point) ? 1 + random.below(4) : 1;
        at(random.below(TROUBLE_MS / 3) + (k * TROUBLE_MS) / 2 / fatalPoints.length, () => {
          loop.trace(`who passes ${point} dies, time ${left}`);
          fatal.set(point, left);
          const again = (): void => {
            if (!troubled || !fatal.has(point)) return;
            demand(point);
            loop.after(9_000, again);
          };
          again();
        });
      }
      for (let k = 0; k < plan.kills; k += 1) {
        const index = random.below(6);
        at(random.below(TROUBLE_MS), () => {
          const process = world.signer(index === 0 ? 1 : index);
          if (index === 0) {
            if (world.api !== undefined) counts.crashes += 1;
            world.killApi();
          } else if (process !== undefined) {
            counts.crashes += 1;
            world.killSigner(process);
          }
        });
      }
      // An api that is gone is started again, as by its supervisor.
      const revive = (): void => {
        if (!troubled) return;
        if (world.api === undefined) {
          counts.restarts += 1;
          world.startApi();
        }
        loop.after(3_000, revive);
      };
      loop.after(3_000, revive);
      for (let k = 0; k < plan.partitions; k += 1) {
        const state: LinkState = random.chance(0.5) ? 'cut' : 'clogged';
        const side = random.below(63);
        const oneWay = random.chance(0.4);
        const length = 1_000 + random.below(14_000);
        at(random.below(TROUBLE_MS), () => {
          counts.partitions += 1;
          loop.trace(`partition ${side.toString(2)} ${state}${oneWay ? ' one way' : ''}`);
          const set = (to: LinkState): void => {
            for (let a = 0; a < 6; a += 1)
              for (let b = 0; b < 6; b += 1) {
                const apart = ((side >> a) & 1) === 1 && ((side >> b) & 1) === 0;
                if (!apart) continue;
                network.setLink(a, b, to);
                if (!oneWay) network.setLink(b, a, to);
              }
          };
          set(state);
          at(length, () => set('open'));
        });
      }
      for (let k = 0; k < plan.clogs; k += 1) {
        const links = Array.from({ length: 1 + random.below(8) }, () => [random.below(6), random.below(6)] as const);
        const gaps = links.map(() => 500 + random.below(6_000));
        at(random.below(TROUBLE_MS), () => {
          // Swizzle: clogged one after another, opened in another order.
          counts.partitions += 1;
          for (const [n, [a, b]] of links.entries()) {
            at(n * 300, () => network.setLink(a, b, 'clogged'));
            at(n * 300 + (gaps[n] ?? 0), () => network.setLink(a, b, 'open'));
          }
        });
      }
      for (let k = 0; k < plan.clones; k += 1) {
        const index = 1 + random.below(5);
        const stays = 3_000 + random.below(15_000);
        const swaps = random.below(4);
        at(random.below(TROUBLE_MS - 10_000), () => {
          if (world.signer(index) === undefined) return;
          counts.clones += 1;
          // Two processes with one identity say two things by themselves: whoever names it names the right one.
          oracles.deviated(index);
          world.startSigner(index, { clone: world.diskOf(index).copy() });
          for (let n = 1; n <= swaps; n += 1) at((stays * n) / (swaps + 1), () => world.swap(index));
          at(stays, () => {
            for (const process of [...world.processes()]) {
              if (process.index === index && process.isClone) world.killSigner(process);
            }
          });
        });
      }
      for (let k = 0; k < plan.restores; k += 1) {
        const index = 1 + random.below(5);
        const taken = random.below(TROUBLE_MS / 2);
        const back = random.below(TROUBLE_MS / 2) + 500;
        const byProduct = random.chance(0.5);
        let earlier: (() => Disk) | undefined;
        at(taken, () => {
          // Behind a signer's back, or as its operator would: then it has to ask what it has forgotten.
          const snapshot = world.diskOf(index);
          if (byProduct) earlier = world.backUp(index);
          else {
            const copy = snapshot.copy();
            earlier = () => copy;
          }
        });
        at(taken + back, () => {
          if (earlier !== undefined) setBack(index, earlier, `by ${back} ms${byProduct ? ', from a backup' : ''}`);
        });
      }
      for (let k = 0; k < plan.clockJumps; k += 1) {
        const who = random.below(6);
        const jump = (random.chance(0.5) ? 1 : -1) * ([1_000, 30_000, 3_600_000, 31_536_000_000][random.below(4)] ?? 0);
        const rate = 0.9 + random.below(201) / 1_000;
        at(random.below(TROUBLE_MS), () => {
          const clock = world.clocks[who];
          if (clock === undefined) return;
          counts.clockJumps += 1;
          loop.trace(`clock of ${who} jumps by ${jump} ms, rate ${rate}`);
          clock.offset += jump + (loop.now - clock.since) * (clock.rate - 1);
          clock.since = loop.now;
          clock.rate = rate;
        });
      }
      const meddle = (): void => {
        if (!troubled || !hostile) return;
        hostileApi.meddle();
        loop.after(200 + random.below(1_500), meddle);
      };
      loop.after(500, meddle);
    }
  }

  async function everything(): Promise<void> {
    const user = known(client);
    let done = false;
    const work = async (): Promise<void> => {
      await allow({ keyImport: true, keyExport: true });
      await createKey('Schnorr');
      await createKey('EdDSA');
      await importKey('ECDSA');
      await user.createChild();
      await user.createDerivationKey();
      for (const pick of [0, 1, 0]) await derive(pick);
      const withWallet = await user.createWallet();
      await user.refresh();
      const isRefreshed = async (): Promise<boolean> => (await world.api?.ctx.refresher.status())?.state === 'Done';
      while (!(await isRefreshed())) await new Promise<void>((resolve) => void loop.after(500, resolve));
      for (const key of [...user.keys]) await sign(key);
      await Promise.all(Array.from({ length: 8 }, (_, n) => sign(known(user.keys[n % 2]))));
      const [first, second] = user.keys;
      if (first === undefined || second === undefined) throw new TypeError('five keys were made');
      await user.request('POST', '/wallets', { network: 'Ethereum', signingKey: { id: second.keyId } });
      await user.request('DELETE', `/wallets/${withWallet.wallet?.id}`, {});
      user.keys.splice(user.keys.indexOf(withWallet), 1);
      await user.exportKey(first);
      await user.archiveKey(second);
      done = true;
    };
    work().catch((error: unknown) =>
      oracles.violate('calm', error instanceof Error ? (error.stack ?? '') : String(error)),
    );
    if (!(await loop.run(loop.now + HEALED_MS, () => done))) oracles.violate('calm', 'not everything was answered');
  }

  // ---- Healing ----------------------------------------------------------------------------------------------------

  if (founded) {
    troubled = false;
    healing = true;
    fatal.clear();
    loop.trace('everything heals');
    network.weather = FAIR;
    network.openAll();
    for (const process of [...world.processes()]) if (process.isClone) world.killSigner(process);
    for (const clock of world.clocks) {
      clock.offset += (loop.now - clock.since) * (clock.rate - 1);
      clock.since = loop.now;
      clock.rate = 1;
      clock.offset = 0;
    }
    world.startApi();
    await loop.run(loop.now + 10);
    for (const index of [1, 2, 3, 4, 5]) world.startSigner(index);
    await loop.run(loop.now + 10);
    // Who turned was found out and is mended: the operators look at the evidence and sign with it again.
    for (const { store } of world.processes()) {
      const named = store.named.all();
      if (named.length > 0)
        store.transaction('forgive', () => {
          for (const { signerId } of named) store.named.forgive(signerId);
        });
    }
    const healed = loop.now;
    const isQuiet = (): boolean => pending.size === 0 && isReady();
    const until = healed + HEALED_MS;
    if (!(await loop.run(until, isQuiet)))
      oracles.violate('liveness', `${pending.size} requests open, ready: ${isReady()}, long after healing`);
    await newWork(until);
  }

  async function newWork(until: number): Promise<void> {
    const left = new Set<string>();
    const mustWork = (label: string, work: () => Promise<void>): void => {
      left.add(label);
      const attempt = (): void => {
        counts.requests += 1;
        Promise.resolve()
          .then(work)
          .then(
            () => {
              counts.answered += 1;
              left.delete(label);
              loop.trace(`user: ${label}: ok`);
            },
            (error: unknown) => {
              const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
              loop.trace(`user: ${label}: ${code}`);
              loop.after(1_000, attempt);
            },
          );
      };
      attempt();
    };
    const old = [...keys()];
    const scheme = plan.newKey;
    mustWork(`a new ${scheme} key signs`, async () => {
      await createKey(scheme);
      const key = keys().at(-1);
      if (key !== undefined) await sign(key);
    });
    /** Signers that hold the key by the sharing that most of them hold. */
    const holders = ({ keyId }: KnownKey): number => {
      const counts = new Map<string, number>();
      for (const { store } of world.processes()) {
        const epoch = store.keys.key(keyId)?.activeEpoch;
        if (epoch !== undefined) counts.set(toHex(epoch), (counts.get(toHex(epoch)) ?? 0) + 1);
      }
      return Math.max(0, ...counts.values());
    };
    for (const key of old) {
      // A signer set back behind the making of a key, or whose clone took part in it and is gone, has no share of it: that
      // is what repair is for, as long as three have. A child is as many have of its master.
      const isShort = counts.restores + counts.clones > 0;
      const isLost = holders(key) < 3 || (key.isChild === true && holders(key) < 5 && key.scheme === 'ECDSA');
      if (isShort && isLost) continue;
      mustWork(`the ${key.scheme} key ${key.keyId} signs and five hold it`, async () => {
        if (isShort && holders(key) < 5 && key.isChild !== true) {
          await known(client).reshare(key.keyId);
          counts.reshared += 1;
        }
        await sign(key);
        if (holders(key) < 5 && !(isShort && key.isChild === true)) throw new Error(`${holders(key)} signers hold it`);
      });
    }
    await loop.run(until, () => left.size === 0);
    for (const label of left) oracles.violate('liveness', `${label}: not within its time after healing`);
  }

  // ---- The end ----------------------------------------------------------------------------------------------------

  for (const { index, store } of world.processes()) {
    for (const keyId of store.keys.keyIds()) {
      const { activeEpoch: epoch, derivedFrom } = store.keys.key(keyId) ?? {};
      if (epoch !== undefined && derivedFrom === undefined)
        oracles.canary(`the share of ${keyId} at signer ${index}`, store.keys.open(keyId, epoch).share.x);
    }
  }
  // A search for each: some of them will do.
  for (const [k, nonce] of (fake?.nonces() ?? []).slice(-NONCES_SOUGHT).entries()) oracles.canary(`nonce ${k}`, nonce);
  if (client !== undefined) o.sabotage?.({ world, oracles, client });
  const violations = [...oracles.conclude()];
  counts.runs = oracles.runs;
  counts.byThree = oracles.runsBy('mpc/cggmp24/1/commitments/v1');
  counts.events = loop.events;
  counts.messages = network.counts.sent;
  counts.lost = network.counts.dropped;
  counts.altered = network.counts.corrupted;
  const report: SeedReport = {
    seed,
    provider,
    frames,
    virtualMs: loop.now,
    traceHash: loop.traceHash(),
    violations,
    counts,
    pointsPassed,
    pointsDiedAt,
    refusals,
    lines: loop.lines,
  };
  world.end();
  return report;
}

interface Plan {
  readonly weather: Weather;
  readonly byzantine: ReadonlySet<number>;
  readonly hostile: boolean;
  readonly firstKeys: readonly KnownKey['scheme'][];
  readonly newKey: KnownKey['scheme'];
  readonly requests: number;
  readonly crashes: number;
  readonly kills: number;
  readonly partitions: number;
  readonly clogs: number;
  readonly clones: number;
  readonly restores: number;
  readonly clockJumps: number;
}

/** Seeds with a set-up for engine C, and of those with the real protocols, whose arithmetic of 3072 bits takes seconds. */
const READY_EVERY = 4;
const MADE_EVERY = 12;
const REAL_C_EVERY = 250;
/** Where a death at a point of the set-up is wanted: not before the calm is over. */
const ALONE_QUIET_MS = 18_000;

function auxiliaryOf(
  seed: number,
  o: { readonly provider: 'real' | 'fake'; readonly only: string | undefined },
): 'ready' | typeof fakeAuxiliary | undefined {
  if (o.only !== undefined)
    return /auxiliary/.test(o.only) ? (index) => fakeAuxiliary(index, ALONE_QUIET_MS) : undefined;
  if (o.provider === 'real') return seed % REAL_C_EVERY === 130 ? 'ready' : undefined;
  if (seed % MADE_EVERY === 2) return fakeAuxiliary;
  return seed % READY_EVERY === 1 ? 'ready' : undefined;
}

/** Half of the kinds of trouble are absent from any one seed: what hides one another in a storm shows in a breeze. */
function drawPlan(random: SeededRandom): Plan {
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T;
  const some = (max: number): number => (random.chance(0.5) ? 1 + random.below(max) : 0);
  const byzantine = new Set<number>();
  if (random.chance(0.35)) for (let k = 0; k < 1 + random.below(2); k += 1) byzantine.add(1 + random.below(5));
  return {
    weather: {
      drop: pick([0, 0, 0.001, 0.01, 0.05, 0.2]),
      duplicate: pick([0, 0.01, 0.2]),
      corrupt: pick([0, 0, 0.001, 0.01]),
      reorder: pick([0, 0, 0.001, 0.01]),
      delayMs: pick([
        [1, 5],
        [1, 60],
        [0, 400],
        [0, 2_000],
      ]),
    },
    byzantine,
    hostile: random.chance(0.35),
    firstKeys: [pick(['EdDSA', 'Schnorr'] as const), 'ECDSA'],
    newKey: pick(['EdDSA', 'ECDSA', 'Schnorr'] as const),
    requests: 6 + random.below(14),
    crashes: 1 + random.below(CRASHES_MAX),
    kills: some(2),
    partitions: some(3),
    clogs: some(2),
    clones: random.chance(0.3) ? 1 : 0,
    restores: random.chance(0.3) ? 1 : 0,
    clockJumps: some(3),
  };
}

/**
 * Many signatures while processes die, are cloned and are set back: what N8 is about. What would only have requests
 * refused is kept small, and no clock jumps past the life of a challenge.
 */
function stormOf(drawn: Plan, requests: number): Partial<Plan> {
  const { drop, corrupt, reorder } = drawn.weather;
  return {
    weather: {
      ...drawn.weather,
      drop: Math.min(drop, 0.001),
      corrupt: Math.min(corrupt, 0.001),
      reorder: Math.min(reorder, 0.001),
      delayMs: [1, 5],
    },
    byzantine: new Set([...drawn.byzantine].slice(0, 1)),
    firstKeys: ['EdDSA', 'ECDSA', 'Schnorr'],
    requests,
    crashes: 1,
    kills: 1 + drawn.kills,
    partitions: Math.min(drawn.partitions, 1),
    clones: 1,
    restores: 1,
    clockJumps: 0,
  };
}

/** For one death alone. */
const quiet = {
  weather: FAIR,
  byzantine: new Set<number>(),
  hostile: false,
  requests: 2,
  crashes: 1,
  kills: 0,
  partitions: 0,
  clogs: 0,
  clones: 0,
  restores: 0,
  clockJumps: 0,
};

const kindOf = (text: string): string => /"kind":"(\w+)"/.exec(text)?.[1] ?? '?';

function noCounts(): Counts {
  return {
    runs: 0,
    requests: 0,
    answered: 0,
    refused: 0,
    unanswered: 0,
    signatures: 0,
    keys: 0,
    crashes: 0,
    restarts: 0,
    clones: 0,
    restores: 0,
    partitions: 0,
    clockJumps: 0,
    byzantine: 0,
    hostileCommands: 0,
    events: 0,
    messages: 0,
    lost: 0,
    altered: 0,
    aborts: 0,
    reshared: 0,
    byThree: 0,
  };
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('asked before it was there');
  return value;
}
