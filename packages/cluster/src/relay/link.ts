/**
 * A signer's side of a relay, whatever carries it. The relay is hostile: it is given one signature of one form, and
 * nothing it says is believed but for delivery.
 */
import { utf8Decode } from '@holdfast/contract/wire';
import { decodeCommand, encodeReply } from '../commands/codec.ts';
import type { Command, Push, Refusal, Reply } from '../commands/types.ts';
import type { ClusterEnv } from '../env.ts';
import { check } from '../errors.ts';
import type { Identity } from '../roster/identity.ts';
import { indexOfIdentity, type Roster, type RosterSigner, type SignerIndex, signerAt } from '../roster/roster.ts';
import { PEER_BYTES_MAX } from './wire.ts';

export interface RelayLink {
  readonly index: SignerIndex;
  /** Starts dialling. Register handlers first. */
  start(): void;
  /** Stops for good. */
  close(): void;
  connected(): boolean;
  /** Peers that the relay says are connected, without this signer, sorted. A hint: it can lie. */
  online(): SignerIndex[];
  /** The one handler of commands. What it throws becomes the refusal E_INTERNAL, without a word of the error. */
  onCommand(handler: (command: Command) => Reply | Promise<Reply>): void;
  onPeer(listener: (index: SignerIndex, frame: Uint8Array) => void): () => void;
  /** Called on every change, and with an empty list when the connection ends. */
  onPresence(listener: (online: SignerIndex[]) => void): () => void;
  /** An api that knows nothing yet has let this signer in, and has said who else is there. */
  onUp(listener: () => void): () => void;
  /** False when it could not be sent. */
  push(push: Push): boolean;
  /** False when it could not be sent: not connected, or too much is waiting. */
  sendTo(index: SignerIndex, frame: Uint8Array): boolean;
}

export interface CommandLimits {
  /** Commands being worked on; one more is refused. */
  readonly commandsMax: number;
}

/** Who this signer is in the roster. Throws E_ROSTER when it is nobody there. */
export function selfIn(roster: Roster, identity: Pick<Identity, 'publicKey'>): RosterSigner {
  const self = signerAt(roster, indexOfIdentity(roster, identity.publicKey) ?? 0);
  check(self !== undefined, 'E_ROSTER', 'The roster does not name this identity.');
  return self;
}

export function checkFrame(
  roster: Roster,
  o: { readonly from: SignerIndex; to: SignerIndex; frame: Uint8Array },
): void {
  const fits =
    o.frame.length > 0 && o.frame.length <= PEER_BYTES_MAX && o.to !== o.from && signerAt(roster, o.to) !== undefined;
  check(fits, 'E_FRAME_SIZE', 'A frame goes to another signer and has 1 byte to 1 MiB.');
}

/** Signs one form of challenge; how many are remembered so that none is answered twice. */
const NONCES_MAX = 256;

/** Whether a challenge is worth a signature: of this cluster, random, and not one that was answered before. */
export function createChallengeBook(roster: Roster): {
  accept(o: { readonly fingerprint: Uint8Array; readonly nonce: Uint8Array }): void;
} {
  const answered = new Set<string>();
  return {
    accept({ fingerprint, nonce }) {
      const ours = Buffer.compare(fingerprint, roster.fingerprint) === 0;
      check(ours, 'E_RELAY_CHALLENGE', 'The relay serves another cluster.');
      const text = Buffer.from(nonce).toString('hex');
      check(!/^(..)\1*$/.test(text), 'E_RELAY_CHALLENGE', 'The challenge of the relay is not random.');
      check(!answered.has(text), 'E_RELAY_CHALLENGE', 'The relay repeats a challenge.');
      const [oldest] = answered;
      if (answered.size >= NONCES_MAX && oldest !== undefined) answered.delete(oldest);
      answered.add(text);
    },
  };
}

/** Doubles from `min` to `max`; half of each wait is random, so that five signers do not return in step. */
export function createBackoff(o: { readonly env: ClusterEnv; readonly min: number; readonly max: number }) {
  let attempts = 0;
  return {
    /** Waits since the last reset. */
    get attempts(): number {
      return attempts;
    },
    next(): number {
      const full = Math.min(o.max, o.min * 2 ** Math.min(attempts++, 16));
      const [a = 0, b = 0] = o.env.random(2);
      return full / 2 + (full / 2) * ((a * 256 + b) / 65535);
    },
    reset(): void {
      attempts = 0;
    },
  };
}

/** Answers commands as they came: each gets a reply, whatever happens to it. */
export function createCommandDesk(o: { readonly env: ClusterEnv; readonly limits: CommandLimits }) {
  const { env, limits } = o;
  let handler: ((command: Command) => Reply | Promise<Reply>) | undefined;

  return {
    handle(given: (command: Command) => Reply | Promise<Reply>): void {
      handler = given;
    },
    /** `load` counts the commands of one connection that are being worked on. */
    async reply(load: { commands: number }, body: Uint8Array): Promise<string> {
      let command: Command;
      try {
        command = decodeCommand(utf8Decode(body, 'command'));
      } catch (error) {
        return refusal(UNREADABLE_ID, { code: 'E_COMMAND', message: sentenceOf(error) });
      }
      if (load.commands >= limits.commandsMax || !handler) {
        return refusal(command.id, { code: 'E_BUSY', message: 'The signer has too much to do.' });
      }
      load.commands++;
      try {
        return encodeReply(await handler(command));
      } catch (error) {
        env.log('relay.command-failed', {
          kind: command.kind,
          error: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown',
        });
        return refusal(command.id, { code: 'E_INTERNAL', message: 'The signer failed; its log says why.' });
      } finally {
        load.commands--;
      }
    },
  };
}

/** The id of an answer to a command whose own id could not be read. */
const UNREADABLE_ID = 'unreadable';

/** What was wrong, short, and without half a surrogate pair where it was cut: the answer itself must be writable. */
function sentenceOf(error: unknown): string {
  const sentence = error instanceof Error ? error.message : 'unreadable';
  return sentence.slice(0, 512).replace(/[\ud800-\udfff]/gu, '');
}

function refusal(id: string, error: Refusal): string {
  return encodeReply({ v: 1, id, ok: false, error });
}
