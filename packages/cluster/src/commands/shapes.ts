/** Limits and forms of every member of Command, Reply and Push (docs/specs/commands.md). */
import type {
  Ack,
  Assertion,
  Disregard,
  FactorAssertion,
  FreshToken,
  LogEntry,
  SignedRequest,
  Withdrawal,
} from './authority-types.ts';
import {
  ascending,
  base64,
  base64Url,
  choice,
  either,
  hex,
  integer,
  json,
  list,
  literal,
  nullable,
  number,
  object,
  oneOf,
  pair,
  type Shape,
  table,
  text,
} from './shape.ts';
import type {
  ActEvidence,
  AuditItem,
  ChainHead,
  Command,
  Completion,
  ElementOutcome,
  GroupElement,
  KeyStatement,
  Original,
  Push,
  RawSignature,
  RecordMark,
  Refusal,
  Reply,
  ReshareRecord,
  Result,
  SignerStatus,
} from './types.ts';

/** A payload is a request body: the api takes 1 MiB, a command must carry it escaped beside the rest. */
export const PAYLOAD_CHARS_MAX = 384 * 1024;
const SIGNERS = 5;
const HASH = 32;
const SIGNATURE = 64;
/** One signing request produces a bounded number of signatures: inputs of one transaction. */
const SIGNATURES_MAX = 1024;
/** Elements of one group, and the places they take together (mpc/group). */
export const GROUP_MAX = 128;
const ENTRIES_MAX = 256;
const HEADS_MAX = 4096;
const PENDING_MAX = 4096;
/** Keys of one answer to `Epochs`, and sharings of one key: far more than one round of failures leaves. */
const EPOCH_KEYS_MAX = 256;
const EPOCHS_MAX = 64;
/** About 1 KiB each. */
const AUDIT_ITEMS_MAX = 256;
/** On one key: networks are fewer, and one has seldom two. */
const WALLETS_MAX = 512;
/** Of one master in one command. */
const CHILDREN_MAX = 1024;

const version = literal(1);
const id = text({ min: 1, max: 64, pattern: /^[A-Za-z0-9_-]+$/ });
/** The public API's form: prefix, then groups of lower-case letters and digits. */
const publicId = text({ max: 48, pattern: /^[a-z]{2,8}(-[0-9a-z]{4,26}){1,3}$/ });
const signerIndex = integer(1, SIGNERS);
const height = integer(0, Number.MAX_SAFE_INTEGER);
const hash = base64Url(HASH);
const signature = base64Url(SIGNATURE);
const sessionId = hex(HASH);
/** Ten steps of ten digits. */
const derivationPath = text({ min: 3, max: 111, pattern: /^m(\/[0-9]{1,10})+$/ });

const request: Shape<SignedRequest> = object({
  method: oneOf('POST', 'PUT', 'DELETE', 'GET'),
  // The exact form is consent's affair (security-model.md 2.6 (h) 3); here: printable, absolute, no query.
  path: text({ min: 1, max: 512, pattern: /^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/ }),
  payload: text({ max: PAYLOAD_CHARS_MAX }),
});

const credentialId = text({ min: 1, max: 1024, pattern: /^[A-Za-z0-9_-]+$/ });
const clientData = base64Url({ max: 4096 });
/** RSA of 8192 bits is the longest signature anybody may enrol. */
const userSignature = base64Url({ max: 1024 });
const algorithm = text({ min: 1, max: 32, pattern: /^[A-Za-z0-9_-]+$/ });
const keyProof = { credId: credentialId, clientData, signature: userSignature };
const passkeyProof = {
  credId: credentialId,
  clientData,
  authenticatorData: base64Url({ max: 2048 }),
  signature: userSignature,
};
const userHandle = base64Url({ max: 64 });
const second: Shape<FactorAssertion> = choice<FactorAssertion>('kind', {
  Key: object({ kind: literal('Key'), ...keyProof }, { algorithm }),
  PasswordProtectedKey: object({ kind: literal('PasswordProtectedKey'), ...keyProof }, { algorithm }),
  Fido2: object({ kind: literal('Fido2'), ...passkeyProof }, { userHandle }),
});
const assertion: Shape<Assertion> = choice<Assertion>('kind', {
  Key: object({ kind: literal('Key'), ...keyProof }, { algorithm, second }),
  PasswordProtectedKey: object({ kind: literal('PasswordProtectedKey'), ...keyProof }, { algorithm, second }),
  Fido2: object({ kind: literal('Fido2'), ...passkeyProof }, { userHandle, second }),
  RecoveryKey: object({ kind: literal('RecoveryKey'), credId: credentialId }),
});

const token: Shape<FreshToken> = pair(signerIndex, base64Url(16));
const tokens = ascending(token, { max: SIGNERS, key: ([index]) => index });

const ack: Shape<Ack> = object({ index: signerIndex, org: publicId, height, head: hash, signature });
const acks = list(ack, { max: SIGNERS });
const withdrawal: Shape<Withdrawal> = object({ index: signerIndex, org: publicId, height, head: hash, signature });
const disregard: Shape<Disregard> = object({
  index: signerIndex,
  org: publicId,
  height,
  about: signerIndex,
  signature,
});
const chainHead: Shape<ChainHead> = object(
  { org: publicId, height, head: hash },
  { tail: object({ height, head: hash }), silent: height },
);

const genesis = text({ min: 1, max: 16 * 1024 });
const logEntry: Shape<LogEntry> = either(
  object({ v: version, height: literal(0), genesis, proof: assertion }),
  (value) => (value as { height?: unknown } | null)?.height === 0,
  object({ v: version, org: publicId, height: integer(1, Number.MAX_SAFE_INTEGER), prev: hash, request, assertion }),
);

const keyStatement: Shape<KeyStatement> = object({ index: signerIndex, signature });
const mark: Shape<RecordMark> = object({
  index: signerIndex,
  org: publicId,
  recordId: publicId,
  mark: oneOf('wallet', 'exported', 'archived', 'delegated'),
  nullifier: hash,
  signature,
});
const evidence: Shape<ActEvidence> = object({ request, assertion });

/** Of one transaction; previous transactions of legacy inputs are the largest part of any. */
const COMPLETION_CHARS_MAX = 256 * 1024;
const COMPLETION_DEPTH_MAX = 6;
const completion: Shape<Completion> = json({ chars: COMPLETION_CHARS_MAX, depth: COMPLETION_DEPTH_MAX });
/** A replacement of a replacement, and so on. */
const ORIGINALS_MAX = 8;
const rawSignature: Shape<RawSignature> = object({ signature: hex(SIGNATURE) }, { recid: integer(0, 3) });
const signatures = list(rawSignature, { max: SIGNATURES_MAX });
const originals = list<Original>(object({ act: evidence, completion, signatures }), { max: ORIGINALS_MAX });

const participants = ascending(signerIndex, { max: SIGNERS, key: (index) => index });
export const groupElement: Shape<GroupElement> = object(
  { request, assertion, tokens, runNonce: hex(HASH), items: integer(1, GROUP_MAX) },
  { keyEpoch: hex(HASH), completion, originals },
);

const point = text({ min: 64, max: 66, pattern: /^([0-9a-f]{64}|[0-9a-f]{66})$/ });
const yesOrNo = either(literal(true), (value) => value === true, literal(false));
const walletsOfKey = list(
  object({
    walletId: publicId,
    network: text({ min: 1, max: 64, pattern: /^[A-Za-z0-9]+$/ }),
    status: oneOf('Active', 'Archived'),
    origin: hex(HASH),
  }),
  { max: WALLETS_MAX },
);
/** Empty: of nobody yet. */
const ownerId = text({ max: 48, pattern: /^(us(-[0-9a-z]{4,26}){3})?$/ });
const reshareRecord: Shape<ReshareRecord> = object(
  {
    org: publicId,
    curve: oneOf('secp256k1', 'ed25519', 'stark'),
    protocol: text({ min: 1, max: 32, pattern: /^[A-Z0-9_]+$/ }),
    scheme: text({ min: 1, max: 32, pattern: /^[A-Za-z0-9]+$/ }),
    purpose: oneOf('sign', 'master', 'derive'),
    origin: hex(HASH),
    imported: yesOrNo,
    archived: yesOrNo,
    publicKey: point,
    publicShares: list(point, { max: SIGNERS }),
    points: list(pair(hex(HASH), signerIndex), { max: SIGNERS }),
    generation: integer(0, Number.MAX_SAFE_INTEGER),
    wallets: walletsOfKey,
    children: list(
      object(
        {
          keyId: publicId,
          path: text({ min: 1, max: 256, pattern: /^[m0-9/']+$/ }),
          publicKey: point,
          epoch: hex(HASH),
          origin: hex(HASH),
          archived: yesOrNo,
          wallets: walletsOfKey,
        },
        { owner: ownerId },
      ),
      { max: CHILDREN_MAX },
    ),
    statements: list(keyStatement, { max: SIGNERS }),
  },
  { owner: ownerId },
);
const auditAfter = text({ max: 48, pattern: /^([a-z]{2,8}(-[0-9a-z]{4,26}){1,3})?$/ });
const auditItem: Shape<AuditItem> = choice<AuditItem>('status', {
  proved: object({
    keyId: publicId,
    status: literal('proved'),
    org: publicId,
    curve: oneOf('secp256k1', 'ed25519', 'stark'),
    publicKey: point,
    epoch: hex(HASH),
    index: integer(1, 32),
    publicShares: list(point, { max: 32 }),
    statement: signature,
    A: point,
    z: hex(HASH),
  }),
  damaged: object({
    keyId: publicId,
    status: literal('damaged'),
    problem: text({ min: 1, max: 64, pattern: /^E_[A-Z0-9_]+$/ }),
  }),
});

export const command: Shape<Command> = choice<Command>('kind', {
  Genesis: object({ v: version, id, kind: literal('Genesis'), genesis, proof: assertion }),
  Group: object(
    {
      v: version,
      id,
      kind: literal('Group'),
      protocol: oneOf('ecdsa-h/secp256k1', 'ecdsa-h/stark', 'frost/ed25519', 'frost/bip340'),
      elements: list(groupElement, { max: GROUP_MAX }),
      runNonce: hex(HASH),
      participants,
    },
    { session: sessionId, nonces: literal('together') },
  ),
  Act: object(
    {
      v: version,
      id,
      kind: literal('Act'),
      request,
      assertion,
      tokens,
      runNonce: hex(HASH),
      participants,
    },
    { session: sessionId, keyEpoch: hex(HASH), path: derivationPath, completion, originals },
  ),
  Commit: object({ v: version, id, kind: literal('Commit'), org: publicId, acks }),
  CatchUp: object({
    v: version,
    id,
    kind: literal('CatchUp'),
    org: publicId,
    entries: list(object({ entry: logEntry, acks }), { max: ENTRIES_MAX }),
  }),
  KeyCertificate: object({
    v: version,
    id,
    kind: literal('KeyCertificate'),
    keyId: publicId,
    statements: list(keyStatement, { max: SIGNERS }),
  }),
  RecordCatchUp: object({
    v: version,
    id,
    kind: literal('RecordCatchUp'),
    act: evidence,
    marks: list(mark, { max: SIGNERS }),
  }),
  Withdraw: object({ v: version, id, kind: literal('Withdraw'), org: publicId, height, head: hash }),
  Release: object(
    {
      v: version,
      id,
      kind: literal('Release'),
      org: publicId,
      height,
      head: hash,
      withdrawals: list(withdrawal, { max: SIGNERS }),
    },
    { disregards: list(disregard, { max: SIGNERS * SIGNERS }) },
  ),
  Disregard: object({
    v: version,
    id,
    kind: literal('Disregard'),
    org: publicId,
    height,
    about: signerIndex,
    by: list(disregard, { max: SIGNERS }),
  }),
  Made: object({ v: version, id, kind: literal('Made'), act: evidence }),
  Refresh: object({
    v: version,
    id,
    kind: literal('Refresh'),
    keyId: publicId,
    epoch: hex(HASH),
    runNonce: hex(HASH),
    participants: ascending(signerIndex, { max: SIGNERS, key: (index) => index }),
  }),
  Epochs: object({ v: version, id, kind: literal('Epochs') }, { only: publicId, after: publicId }),
  EpochConfirmed: object({
    v: version,
    id,
    kind: literal('EpochConfirmed'),
    keyId: publicId,
    epoch: hex(HASH),
    confirmations: list(keyStatement, { max: SIGNERS }),
  }),
  Reshare: object({
    v: version,
    id,
    kind: literal('Reshare'),
    keyId: publicId,
    epoch: hex(HASH),
    runNonce: hex(HASH),
    participants,
    record: reshareRecord,
  }),
  KeyRecord: object({ v: version, id, kind: literal('KeyRecord'), keyId: publicId }),
  Acks: object({ v: version, id, kind: literal('Acks'), org: publicId, from: height }),
  Audit: object({ v: version, id, kind: literal('Audit'), nonce: hex(HASH), after: auditAfter }),
  ImportKey: object({ v: version, id, kind: literal('ImportKey') }),
  Heads: object({ v: version, id, kind: literal('Heads') }),
  Pending: object({ v: version, id, kind: literal('Pending') }),
  Status: object({ v: version, id, kind: literal('Status') }),
});

const status: Shape<SignerStatus> = object(
  {
    index: signerIndex,
    version: text({ min: 1, max: 32, pattern: /^[0-9A-Za-z.+-]+$/ }),
    backends: table(text({ max: 256 }), { max: 16, name: /^[a-z0-9-]{1,32}$/ }),
    keys: integer(0, Number.MAX_SAFE_INTEGER),
    prssSession: nullable(sessionId),
    peersOnline: ascending(signerIndex, { max: SIGNERS, key: (index) => index }),
  },
  {
    aux: object({ state: oneOf('none', 'waiting', 'making primes', 'proving', 'ready') }, { epoch: hex(HASH) }),
  },
);

const detailText = text({ max: 512 });
const detail: Shape<string | number | boolean> = (value, at, code) => {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? detailText(value, at, code) : number(value, at, code);
};
const refusal: Shape<Refusal> = object(
  { code: text({ min: 1, max: 64, pattern: /^[A-Za-z][A-Za-z0-9_.-]*$/ }), message: text({ max: 1024 }) },
  {
    culprits: list(signerIndex, { max: SIGNERS }),
    details: table(detail, { max: 32, name: /^[A-Za-z][A-Za-z0-9_]{0,63}$/ }),
  },
);
const elementOutcome: Shape<ElementOutcome> = choice<ElementOutcome>('ok', {
  true: object({ ok: literal(true), signatures }),
  false: object({ ok: literal(false), error: refusal }),
});

const result: Shape<Result> = choice<Result>('t', {
  ack: object({ t: literal('ack'), ack }),
  done: object({ t: literal('done') }),
  key: object(
    {
      t: literal('key'),
      keyId: publicId,
      publicKey: text({ min: 64, max: 130, pattern: /^[0-9a-f]+$/ }),
      epoch: text({ min: 1, max: 64, pattern: /^[0-9A-Za-z_-]+$/ }),
      statement: keyStatement,
    },
    { walletId: publicId, mark, confirmation: keyStatement, path: derivationPath },
  ),
  output: object({ t: literal('output'), output: hex(HASH), culprits: participants }),
  signatures: object({ t: literal('signatures'), signatures }),
  group: object({ t: literal('group'), outcomes: list(elementOutcome, { max: GROUP_MAX }) }),
  share: object({ t: literal('share'), keyId: publicId, encryptedKeyShare: base64({ max: 16 * 1024 }), mark }),
  mark: object({ t: literal('mark'), mark }),
  importKey: object({
    t: literal('importKey'),
    encryptionKey: base64(34),
    encryptionKeySignature: base64(SIGNATURE),
    expires: text({ min: 1, max: 32, pattern: /^[0-9TZ:.+-]+$/ }),
  }),
  heads: object({
    t: literal('heads'),
    heads: list(chainHead, { max: HEADS_MAX }),
  }),
  withdrawal: object({ t: literal('withdrawal'), withdrawal }),
  disregard: object({ t: literal('disregard'), disregard }),
  pending: object({
    t: literal('pending'),
    keys: list(object({ keyId: publicId, statement: keyStatement }), { max: PENDING_MAX }),
  }),
  epochs: object({
    t: literal('epochs'),
    keys: list(
      object({
        keyId: publicId,
        epochs: list(
          object(
            {
              epoch: hex(HASH),
              generation: integer(0, Number.MAX_SAFE_INTEGER),
              statement: keyStatement,
            },
            { confirmation: keyStatement },
          ),
          { max: EPOCHS_MAX },
        ),
      }),
      { max: EPOCH_KEYS_MAX },
    ),
    more: yesOrNo,
  }),
  keyRecord: object({ t: literal('keyRecord'), record: reshareRecord, statement: keyStatement }),
  acks: object({ t: literal('acks'), acks: list(ack, { max: ENTRIES_MAX }) }),
  audit: object({
    t: literal('audit'),
    page: object({ items: list(auditItem, { max: AUDIT_ITEMS_MAX }), more: yesOrNo, signature }),
  }),
  status: object({ t: literal('status'), status }),
});

export const reply: Shape<Reply> = choice<Reply>('ok', {
  true: object({ v: version, id, ok: literal(true), result }),
  false: object({ v: version, id, ok: literal(false), error: refusal }),
});

export const push: Shape<Push> = choice<Push>('push', {
  Token: object({ v: version, push: literal('Token'), token: base64Url(16) }),
  Session: object({
    v: version,
    push: literal('Session'),
    session: nullable(sessionId),
  }),
  Figures: object({
    v: version,
    push: literal('Figures'),
    figures: table(number, { max: 128, name: /^[a-z][a-z0-9_]{0,63}$/ }),
  }),
});
