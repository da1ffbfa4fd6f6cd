/** The network between signers in one process: what one sends arrives at another a turn later, unless a tap decides. */

import type { Command, Push, Reply } from '@holdfast/cluster/commands';
import type { PeerMessage } from '@holdfast/signer/runs';
import type { Link } from '@holdfast/signer/signer';

/** Sees every message between signers and answers what arrives instead: none, one or several. */
export type Tap = (m: {
  readonly from: number;
  readonly to: number;
  readonly message: PeerMessage;
}) => readonly PeerMessage[];

export interface TestNet {
  /** A link for a new process of this signer. */
  join(index: number): Link & { readonly handle: (command: Command) => Promise<Reply> };
  /** The process is gone: nothing of it arrives any more, and the others notice. */
  leave(index: number): void;
  online(): number[];
  /** Hears every push from now on, and first the last of each kind. */
  onPush(heard: (index: number, push: Push) => void): void;
  tap(tap: Tap | undefined): void;
}

interface Member {
  readonly heard: ((from: number, message: PeerMessage) => void)[];
  readonly changed: ((change: { online: readonly number[]; restarted?: number }) => void)[];
}

export function createTestNet(): TestNet {
  const members = new Map<number, Member>();
  const last = new Map<string, { index: number; push: Push }>();
  const pushed: ((index: number, push: Push) => void)[] = [];
  let tap: Tap | undefined;

  const othersOf = (index: number): number[] =>
    members.has(index) ? [...members.keys()].filter((each) => each !== index).sort((a, b) => a - b) : [];
  const tell = (restarted?: number): void => {
    for (const [index, member] of [...members]) {
      const change = {
        online: othersOf(index),
        ...(restarted === undefined || restarted === index ? {} : { restarted }),
      };
      for (const changed of member.changed) changed(change);
    }
  };

  return {
    join(index) {
      const member: Member = { heard: [], changed: [] };
      let handler: ((command: Command) => Promise<Reply>) | undefined;
      let up = (): void => {};
      return {
        peers: {
          online: () => (members.get(index) === member ? othersOf(index) : []),
          send(to, message) {
            if (members.get(index) !== member) return;
            const target = members.get(to);
            for (const each of tap === undefined ? [message] : tap({ from: index, to, message })) {
              setImmediate(() => {
                // A process that has gone hears nothing, and a new one in its place is another. What it sent arrives.
                if (target === undefined || members.get(to) !== target) return;
                for (const heard of target.heard) heard(index, each);
              });
            }
          },
          onMessage: (heard) => void member.heard.push(heard),
          onPresence: (changed) => void member.changed.push(changed),
        },
        onCommand(given) {
          handler = given;
        },
        push(push) {
          last.set(`${index} ${push.push}`, { index, push });
          for (const heard of pushed) heard(index, push);
        },
        onUp(tellUp) {
          up = tellUp;
        },
        start() {
          members.set(index, member);
          tell(index);
          up();
        },
        close() {
          if (members.get(index) === member) members.delete(index);
        },
        handle(command) {
          if (members.get(index) !== member || handler === undefined) throw new Error(`signer ${index} is not there`);
          return handler(command);
        },
      };
    },
    leave(index) {
      if (!members.delete(index)) return;
      // Behind what it has sent, as on a connection that ends.
      setImmediate(() => {
        for (const [each, member] of [...members])
          for (const changed of member.changed) changed({ online: othersOf(each), restarted: index });
      });
    },
    online: () => [...members.keys()].sort((a, b) => a - b),
    onPush(heard) {
      pushed.push(heard);
      for (const { index, push } of last.values()) heard(index, push);
    },
    tap(given) {
      tap = given;
    },
  };
}
