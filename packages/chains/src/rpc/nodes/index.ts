/**
 * Several nodes of one network as one: in the operator's order, the next when one fails, health remembered so that a
 * dead node is not waited for by every request. Refusals are answers: they are not asked for again elsewhere, save
 * where they are about the node itself (limits, a method it does not have).
 */
import type { Env } from '@holdfast/contract/types';
import { NodeError } from '../errors.ts';
import type { Http, Nodes } from '../types.ts';
import { agreement } from './agreement.ts';
import { createEndpoint, type Endpoint } from './endpoint.ts';

export { checkEndpointUrl } from './endpoint.ts';

export interface NodesOptions {
  /** What messages call the network. */
  readonly network: string;
  /** In order of preference; http or https, user and password or a key allowed. */
  readonly urls: readonly string[];
  /** What a node of this origin wants in every request; called for each address once. */
  headers?(origin: string): Readonly<Record<string, string>>;
  readonly http: Http;
  readonly env: Pick<Env, 'now'>;
  /** Asked of a node before its first question and after each failure; throws NodeError where it is of another chain. */
  identify?(one: Nodes): Promise<void>;
  /** Nodes that must agree in `agreed`; 2 unless told, all there are if fewer. */
  readonly quorum?: number;
  readonly timeoutMs?: number;
  readonly bytesMax?: number;
}

export interface NodeHealth {
  readonly place: number;
  readonly state: 'Up' | 'Down' | 'Untried';
  /** Since its last good answer. */
  readonly failures: number;
  /** Why it is down, without its address. */
  readonly reason?: string;
  readonly latencyMs?: number;
}

export interface NetworkNodes extends Nodes {
  health(): readonly NodeHealth[];
}

/** One question to one node; nodes that need longer than this are of no use to a wallet. */
const TIMEOUT_MS = 8_000;
/** One question to all of them. */
const QUESTION_MS_MAX = 20_000;
/** A full Ethereum block with its receipts is about 2 MB, a Bitcoin block with decoded transactions about 12 MB. */
const BYTES_MAX = 33_554_432;
const QUORUM = 2;
const REST_MS_FIRST = 500;
const REST_MS_MAX = 30_000;
/** Questions under way to one node; more wait their turn. */
const UNDER_WAY_MAX = 64;
const WAITING_MAX = 4_096;

interface Member {
  readonly place: number;
  readonly endpoint: Endpoint;
  failures: number;
  restsUntil: number;
  reason: string | undefined;
  /** A node that hangs costs its whole time limit; one that refuses the connection costs nothing. */
  hangs: boolean;
  latencyMs: number | undefined;
  identified: Promise<void> | undefined;
  /** Those that wait their turn included. */
  underWay: number;
  readonly waiting: (() => void)[];
}

export function createNodes(o: NodesOptions): NetworkNodes {
  const { network, urls, http, env } = o;
  const timeoutMs = o.timeoutMs ?? TIMEOUT_MS;
  const bytesMax = o.bytesMax ?? BYTES_MAX;
  const members = urls.map((url, at) =>
    newMember(at + 1, createEndpoint({ url, headers: o.headers, place: at + 1, network, http, bytesMax })),
  );

  /** One node alone, for as long as the question may take. */
  function only(member: Member, until: number): Nodes {
    const ask = async (question: (left: number) => Promise<unknown>): Promise<unknown> => {
      await turn(member, network);
      const started = env.now();
      try {
        return await question(Math.max(1, Math.min(timeoutMs, until - started)));
      } finally {
        member.latencyMs = smooth(member.latencyMs, env.now() - started);
        member.underWay -= 1;
        member.waiting.shift()?.();
      }
    };
    const { endpoint } = member;
    const self: Nodes = {
      rpc: (method, params) => ask((left) => endpoint.rpc(left, method, params)),
      get: (path) => ask((left) => endpoint.get(left, path)),
      post: (path, body, contentType) => ask((left) => endpoint.post(left, path, body, contentType)),
      one: (talk) => talk(self),
      agreed: (talk) => talk(self),
    };
    return self;
  }

  /** A conversation with one node; how it ends is remembered of the node. */
  async function talkTo<T>(member: Member, until: number, talk: (one: Nodes) => Promise<T>): Promise<T> {
    const started = env.now();
    const one = only(member, until);
    try {
      member.identified ??= o.identify?.(one);
      await member.identified;
      const result = await talk(one);
      noteSuccess(member);
      return result;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      if (error.code === 'E_NODE_REFUSED') noteSuccess(member);
      else noteFailure(member, error, started);
      throw error;
    }
  }

  function noteSuccess(member: Member): void {
    member.failures = 0;
    member.reason = undefined;
    member.restsUntil = 0;
    member.hangs = false;
  }

  function noteFailure(member: Member, error: NodeError, started: number): void {
    const now = env.now();
    member.failures += 1;
    member.reason = error.message;
    member.hangs = now - started >= timeoutMs / 2;
    member.identified = undefined;
    member.restsUntil = now + Math.min(REST_MS_MAX, REST_MS_FIRST * 2 ** Math.min(member.failures - 1, 10));
  }

  /** Those that are up, in order. When all rest, the one whose rest ends first, unless it is known to hang. */
  function candidates(): Member[] {
    const now = env.now();
    const up = members.filter((each) => each.restsUntil <= now);
    const resting = members
      .filter((each) => each.restsUntil > now && !each.hangs)
      .sort((a, b) => a.restsUntil - b.restsUntil);
    return up.length > 0 ? [...up, ...resting] : resting.slice(0, 1);
  }

  async function one<T>(talk: (one: Nodes) => Promise<T>): Promise<T> {
    const until = env.now() + QUESTION_MS_MAX;
    let last: NodeError | undefined;
    for (const member of candidates()) {
      if (env.now() >= until) break;
      try {
        return await talkTo(member, until, talk);
      } catch (error) {
        if (!(error instanceof NodeError) || !mayAskAnother(error)) throw error;
        // A refusal says more to the user than that somebody else could not be reached.
        if (last?.code !== 'E_NODE_REFUSED') last = error;
      }
    }
    throw last ?? unreachable();
  }

  function unreachable(): NodeError {
    const reason = members.find((each) => each.reason !== undefined)?.reason;
    return new NodeError(
      'E_NODE_UNREACHABLE',
      `no node of ${network} answers${reason === undefined ? '' : `; ${reason}`}`,
    );
  }

  /** Asks as many as are wanted; where one fails the next takes its place. */
  async function agreed<T>(talk: (one: Nodes) => Promise<T>): Promise<T> {
    const wanted = Math.max(1, Math.min(o.quorum ?? QUORUM, members.length));
    const until = env.now() + QUESTION_MS_MAX;
    const left = candidates();
    const answers: T[] = [];
    let last: NodeError | undefined;
    const lane = async (): Promise<void> => {
      for (let member = left.shift(); member !== undefined; member = left.shift()) {
        try {
          answers.push(await talkTo(member, until, talk));
          return;
        } catch (error) {
          if (!(error instanceof NodeError) || !mayAskAnother(error)) throw error;
          if (last?.code !== 'E_NODE_REFUSED') last = error;
        }
      }
    };
    await Promise.all(Array.from({ length: wanted }, lane));
    if (answers.length === 0) throw last ?? unreachable();
    if (answers.length < wanted)
      throw new NodeError(
        'E_NODE_UNREACHABLE',
        `${wanted} nodes of ${network} have to agree and ${answers.length} answered${last === undefined ? '' : `; ${last.message}`}`,
      );
    const together = agreement(answers);
    if (together === undefined) throw new NodeError('E_NODE_DISAGREE', `the nodes of ${network} do not agree`);
    return together;
  }

  return {
    rpc: (method, params) => one((node) => node.rpc(method, params)),
    get: (path) => one((node) => node.get(path)),
    post: (path, body, contentType) => one((node) => node.post(path, body, contentType)),
    one,
    agreed,
    health: () => members.map(healthOf),
  };
}

/** What the node cannot do, rather than what it thinks of the question: EIP-1474's codes, and "method not found". */
const nodeCodes: ReadonlySet<number | undefined> = new Set([-32601, -32603, -32002, -32004, -32005]);

function mayAskAnother(error: NodeError): boolean {
  if (error.code === 'E_NODE_REFUSED') return nodeCodes.has(error.rpcCode);
  return error.code === 'E_NODE_UNREACHABLE' || error.code === 'E_NODE_ANSWER';
}

async function turn(member: Member, network: string): Promise<void> {
  member.underWay += 1;
  if (member.underWay <= UNDER_WAY_MAX) return;
  if (member.waiting.length >= WAITING_MAX) {
    member.underWay -= 1;
    throw new NodeError('E_NODE_UNREACHABLE', `too many questions wait for the nodes of ${network}`);
  }
  await new Promise<void>((resolve) => member.waiting.push(resolve));
}

function newMember(place: number, endpoint: Endpoint): Member {
  return {
    place,
    endpoint,
    failures: 0,
    restsUntil: 0,
    reason: undefined,
    hangs: false,
    latencyMs: undefined,
    identified: undefined,
    underWay: 0,
    waiting: [],
  };
}

function healthOf({ place, failures, reason, latencyMs }: Member): NodeHealth {
  return {
    place,
    state: failures > 0 ? 'Down' : latencyMs === undefined ? 'Untried' : 'Up',
    failures,
    ...(reason === undefined ? {} : { reason }),
    ...(latencyMs === undefined ? {} : { latencyMs: Math.round(latencyMs) }),
  };
}

const smooth = (known: number | undefined, now: number): number =>
  known === undefined ? now : known * 0.8 + now * 0.2;
