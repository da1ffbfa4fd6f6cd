/** The steps of security-model.md 2.6 (h), by number, and the codes that each of them alone refuses with. */

export interface ConsentStep {
  readonly step: number;
  readonly checks: string;
  /** `authority`: done by `checkAct`. `signer`: done by the signer around it. */
  readonly by: 'authority' | 'signer';
  readonly codes: readonly string[];
}

export const consentSteps: readonly ConsentStep[] = [
  { step: 1, checks: 'the signer is neither sealed nor frozen', by: 'signer', codes: ['E_SEALED'] },
  {
    step: 2,
    checks: 'envelope size and strict JSON',
    by: 'authority',
    codes: [
      'E_COMMAND',
      'E_UTF8',
      'E_UTF8_BOM',
      'E_JSON_EMPTY',
      'E_JSON_SYNTAX',
      'E_JSON_DUPLICATE_KEY',
      'E_JSON_FORBIDDEN_KEY',
      'E_JSON_SURROGATE',
      'E_JSON_NUL',
      'E_JSON_NUMBER',
      'E_JSON_DEPTH',
      'E_JSON_SIZE',
      'E_JSON_TYPE',
    ],
  },
  {
    step: 3,
    checks: 'method and path name an operation that signers act on',
    by: 'authority',
    codes: ['E_USER_ACTION_PATH'],
  },
  {
    step: 4,
    checks: 'credential known, active, confirmed, of the stated kind',
    by: 'authority',
    codes: ['E_CREDENTIAL_UNKNOWN', 'E_CREDENTIAL_KIND'],
  },
  { step: 5, checks: 'assertion signature', by: 'authority', codes: ['E_ASSERTION'] },
  {
    step: 6,
    checks: 'client data and authenticator data',
    by: 'authority',
    codes: [
      'E_CLIENT_DATA',
      'E_CLIENT_DATA_TYPE',
      'E_CROSS_ORIGIN',
      'E_CLIENT_DATA_ORIGIN',
      'E_AUTHENTICATOR_DATA',
      'E_USER_VERIFICATION',
      'E_RP_ID',
    ],
  },
  {
    step: 7,
    checks: 'challenge canonical, of its kind, for this cluster, organisation and user',
    by: 'authority',
    codes: ['E_CHALLENGE_FORM', 'E_CHALLENGE_KIND', 'E_CHALLENGE_CLUSTER', 'E_CHALLENGE_ORG', 'E_CHALLENGE_USER'],
  },
  {
    step: 8,
    checks: 'challenge commits to method, path, body and context',
    by: 'authority',
    codes: ['E_CHALLENGE_REQUEST'],
  },
  {
    step: 9,
    checks: 'expiry and freshness tokens',
    by: 'authority',
    codes: ['E_CHALLENGE_EXPIRED', 'E_CHALLENGE_TOKENS', 'E_CHALLENGE_STALE'],
  },
  { step: 10, checks: 'nullifier not burnt by another intent', by: 'signer', codes: ['E_REPLAY'] },
  { step: 11, checks: 'permission', by: 'authority', codes: ['E_FORBIDDEN', 'E_PAT'] },
  { step: 12, checks: 'schema, unknown fields refused', by: 'authority', codes: ['E_BODY', 'E_PARAM'] },
  {
    step: 13,
    checks: 'policy; for now the organisation and signer settings',
    by: 'signer',
    codes: ['E_IMPORT_DISABLED', 'E_EXPORT_DISABLED'],
  },
  {
    step: 14,
    checks: 'heads equal; a governance request names the current head',
    by: 'signer',
    codes: ['E_STALE_HEAD'],
  },
  { step: 15, checks: 'commit certificate', by: 'signer', codes: ['E_ACKS'] },
  { step: 16, checks: 'constructed digest, fee, repeat rule', by: 'signer', codes: [] },
  { step: 17, checks: 'intent, attempt, execution id and digest journalled and flushed', by: 'signer', codes: [] },
  { step: 18, checks: 'contribute', by: 'signer', codes: [] },
];

/** The step a code belongs to. */
export function stepOf(code: string): number | undefined {
  return consentSteps.find(({ codes }) => codes.includes(code))?.step;
}
