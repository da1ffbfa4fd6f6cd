/** Mail to people: to a mail server where one is configured, else to files that a person or a mail service picks up. */
import type { Env } from '@holdfast/contract/types';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mailer {
  /** Takes a mail over. Whether it arrives is not known here, and nobody who asked for it waits for that. */
  send(mail: Mail): Promise<void>;
  /** The same work for nobody, so that an answer does not tell by its time whether there was somebody to write to. */
  pretend(): Promise<void>;
  close(): Promise<void>;
}

/** Hands one mail to a mail server; rejects when the server does not take it. */
export interface SmtpPort {
  send(mail: Mail): Promise<void>;
  close(): void;
}

/** Mails in memory: lost with the process, as the codes in them are soon enough; whoever waits asks for another. */
const WAITING_MAX = 1000;
const PAUSES_MS = [2_000, 15_000, 60_000];

/** One mail at a time; a server that does not answer holds up the mails behind it and nothing else. */
export function queuedMailer(env: Pick<Env, 'setTimer' | 'log'>, smtp: SmtpPort): Mailer {
  const waiting: Mail[] = [];
  let underWay: Promise<void> | undefined;
  let wake: (() => void) | undefined;
  let closed = false;

  async function carry(): Promise<void> {
    for (let mail = waiting.shift(); mail !== undefined && !closed; mail = waiting.shift()) await sendOne(mail);
    underWay = undefined;
  }

  async function sendOne(mail: Mail): Promise<void> {
    for (const pauseMs of [...PAUSES_MS, undefined]) {
      try {
        return await smtp.send(mail);
      } catch (error) {
        // A server's words can quote the address, so only their kind is written down.
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        env.log('mail.failed', { code, final: pauseMs === undefined });
        if (pauseMs === undefined || closed) return;
        await pause(pauseMs);
      }
    }
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = env.setTimer(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });

  return {
    async send(mail) {
      if (waiting.length >= WAITING_MAX) return env.log('mail.dropped', { waiting: waiting.length });
      waiting.push(mail);
      underWay ??= carry();
    },
    async pretend() {},
    async close() {
      closed = true;
      wake?.();
      smtp.close();
      await underWay;
    },
  };
}
