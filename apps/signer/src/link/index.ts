/** The real way out: one connection to the relay, and end-to-end sealed sessions with the other four through it. */
import { createPeerSessions } from '@holdfast/cluster/frames';
import { createNatsLink, createRelayLink, type RelayPlace } from '@holdfast/cluster/relay';
import type { Identity, Roster } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import type { PeerMessage } from '../runs/index.ts';
import type { Link } from '../signer/index.ts';

export function connect(o: { env: Env; roster: Roster; index: number; identity: Identity; relay: RelayPlace }): Link {
  const { env, roster, index, identity, relay } = o;
  const link =
    relay.kind === 'nats'
      ? createNatsLink({ roster, identity, env, address: relay.address })
      : createRelayLink({ roster, identity, env, url: relay.url });
  const sessions = createPeerSessions({
    self: index,
    roster,
    identity,
    env,
    send: (to, bytes) => link.sendTo(to, bytes),
  });
  const others = roster.signers.map((s) => s.index).filter((each) => each !== index);

  const online = (): number[] => others.filter((each) => sessions.ready(each));
  link.onPeer((from, bytes) => sessions.onBytes(from, bytes));
  link.onPresence(sessions.setOnline);

  // Messages to one peer within one turn travel in one frame: several runs in lockstep cost one.
  const outbox = new Map<number, PeerMessage[]>();
  const flush = (): void => {
    for (const [to, messages] of outbox) sessions.send(to, messages);
    outbox.clear();
  };

  return {
    peers: {
      online,
      send(to, message) {
        if (outbox.size === 0) queueMicrotask(flush);
        const waiting = outbox.get(to);
        if (waiting === undefined) outbox.set(to, [message]);
        else waiting.push(message);
      },
      onMessage(heard) {
        sessions.onMessage(heard);
      },
      onPresence(changed) {
        sessions.onReady(() => changed({ online: online() }));
        // Whatever the reason, messages may be lost: runs with this peer cannot finish.
        sessions.onReset((peer) => changed({ online: online(), restarted: peer }));
      },
    },
    onCommand: (handler) => link.onCommand(handler),
    push(push) {
      // Not connected: tokens come every ten seconds, and onUp repeats what matters.
      link.push(push);
    },
    onUp(tell) {
      link.onUp(tell);
    },
    start: () => link.start(),
    close() {
      sessions.close();
      link.close();
    },
  };
}
