/** Migrations in order of name; the same SQL on both engines. */
import type { Migration } from 'kysely';
import * as first from './0001-first.ts';
import * as derivedKeys from './0002-derived-keys.ts';
import * as refresh from './0003-refresh.ts';
import * as personalTokens from './0004-personal-tokens.ts';
import * as orders from './0005-orders.ts';
import * as recovery from './0006-recovery.ts';
import * as chainIndex from './0007-chain-index.ts';
import * as audit from './0008-audit.ts';
import * as applications from './0009-applications.ts';
import * as factors from './0010-factors.ts';
import * as identities from './0011-identities.ts';

export const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-derived-keys': derivedKeys,
  '0003-refresh': refresh,
  '0004-personal-tokens': personalTokens,
  '0005-orders': orders,
  '0006-recovery': recovery,
  '0007-chain-index': chainIndex,
  '0008-audit': audit,
  '0009-applications': applications,
  '0010-factors': factors,
  '0011-identities': identities,
};
