/** What the api is told at its start. `config.ts` reads it; nobody else looks at the environment. */
import type { NatsAddress } from '@holdfast/cluster/relay';
import type { SmtpAddress } from './mail/smtp.ts';

export interface Settings {
  readonly port: number;
  readonly bind: string;
  /** The installation's data folder; the api's own files are in `<dataFolder>/api`. */
  readonly dataFolder: string;
  /** Absent: the embedded database in the data folder. */
  readonly databaseUrl?: string;
  /** Where browsers find the api: `http://localhost:8787`, no path, no trailing slash. */
  readonly publicUrl: string;
  /** Requests per minute and address; 0 switches the limit off. */
  readonly requestsPerMinuteMax: number;
  /** Days between two rounds that give every key new shares (docs/specs/refresh.md §4); 0: only when an operator asks. */
  readonly refreshDays: number;
  /** log2 of the number of blocks scrypt fills for a password (docs/specs/factors.md §2). */
  readonly passwordCost: number;
  /** Which engines sign ECDSA, in order of preference (docs/specs/engine-controller.md). */
  readonly ecdsaEngines: readonly ('H' | 'C')[];
  /** How engine H makes the nonces of a group (docs/specs/group-signing.md §9); apart where it does not say. */
  readonly ecdsaNonces?: 'apart' | 'together';
  readonly version: string;
}

/** Kept apart from the settings, so that settings may be shown. */
export interface Secrets {
  /** 32 bytes in `<dataFolder>/api/secret`, 0600; each use derives its own key from it with a label. */
  readonly api: Uint8Array;
  /** Content of `<dataFolder>/operator.token`: founds organisations. */
  readonly operatorToken: string;
  /** Where signers are met, with the password for it. Absent: the relay inside this process. */
  readonly nats?: NatsAddress;
  /** The mail server, with the password for it. Absent: mails are files in the outbox. */
  readonly smtp?: SmtpAddress;
}
