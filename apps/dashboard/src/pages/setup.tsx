/**
 * The first organisation: a passkey, the founding document signed by it, and the one hash that operators pin. Everything is
 * made here; the server can add nothing to it that signers would take.
 */
import { encodeGenesis, genesisChallenge, genesisHash, genesisIds } from '@holdfast/authority/genesis';
import { ApiError } from '@holdfast/client/api';
import { type CreatedPasskey, createPasskey } from '@holdfast/client/passkey-signer';
import { toBase64Url, toHex } from '@holdfast/contract/wire';
import { useEffect, useState } from 'preact/hooks';
import type { Session } from '../account/accounts.ts';
import { origin, passkeyOptions, passkeys, publicApi, rpId } from '../account/api.ts';
import { seeCluster } from '../account/cluster.ts';
import { groupsOf } from '../account/fingerprint.ts';
import type { PageProps } from '../app.tsx';
import { useLoad } from '../components/load.ts';
import {
  Button,
  CodeLine,
  Field,
  Fingerprint,
  Note,
  ProblemNote,
  Section,
  Skeleton,
  Title,
  Waiting,
} from '../components/parts.tsx';
import { useTask } from '../components/task.ts';
import { dropFragment, fragment, go, PageLink } from '../router.tsx';
import { type Problem, problemOf, toProblem } from '../words/problems.ts';

interface Founding {
  readonly name: string;
  readonly username: string;
  readonly genesis: string;
  readonly credentialId: string;
  readonly clusterFingerprint: string;
  /** Until the passkey has signed it. */
  readonly proof?: object;
}

interface CreatedOrg {
  readonly admin: { readonly authToken: string };
}

const PIN_POLL_MS = 2_000;

export function SetupPage({ onSession }: PageProps) {
  const [code] = useState(() => fragment().get('code') ?? '');
  const cluster = useLoad(seeCluster, []);
  const [founding, setFounding] = useState<Founding>();
  if (code === '')
    return (
      <>
        <Title>Set up your organisation</Title>
        <ProblemNote
          problem={{
            ...problemOf('E_OPERATOR_TOKEN'),
            what: 'This page needs its whole link',
            why: 'The part after # is missing.',
          }}
        />
        <p>
          Your organisation exists already?{' '}
          <PageLink to="login" class="text-accent underline">
            Sign in
          </PageLink>
        </p>
      </>
    );
  return (
    <>
      <Title lead="A passkey takes the place of a password: your device keeps it, and nobody at the server can use it.">
        Set up your organisation
      </Title>
      <ProblemNote problem={cluster.problem}>
        <div class="mt-2">
          <Button onClick={cluster.reload}>Ask again</Button>
        </div>
      </ProblemNote>
      {cluster.value === undefined ? (
        cluster.isLoading ? (
          <Skeleton lines={2} onRetry={cluster.reload} />
        ) : null
      ) : (
        <>
          {founding?.proof === undefined ? (
            <Passkey clusterFingerprint={cluster.value.fingerprint} founding={founding} onFounding={setFounding} />
          ) : (
            <Pin
              code={code}
              founding={founding}
              proof={founding.proof}
              onFounded={(session) => {
                dropFragment();
                onSession(session);
                go('credentials');
              }}
            />
          )}
          <Section title="The signers of this installation">
            <p class="prose">
              {cluster.value.online} of 5 are connected. This is their fingerprint;{' '}
              <code>npm run --silent holdfast -- status</code> shows the same. Write it down: it tells you later that
              you are where you think you are.
            </p>
            <Fingerprint groups={cluster.value.fingerprint.match(/.{1,4}/g) ?? []} label="Fingerprint of the cluster" />
          </Section>
        </>
      )}
    </>
  );
}

function Passkey({
  clusterFingerprint,
  founding,
  onFounding,
}: {
  readonly clusterFingerprint: string;
  readonly founding: Founding | undefined;
  readonly onFounding: (founding: Founding) => void;
}) {
  const [name, setName] = useState('');
  const [username, setUsername] = useState('');
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const problems = {
    name: name.trim() === '' ? 'Give your organisation a name.' : undefined,
    username: /^\S+@\S+$/.test(username.trim()) ? undefined : 'Give an e-mail address, such as maria@acme.example.',
  };

  const make = () => {
    setTried(true);
    if (problems.name !== undefined || problems.username !== undefined) return;
    void task.run(async (say) => {
      let made = founding;
      if (made === undefined) {
        say('1 of 2: your browser makes the passkey now.');
        made = await begin({ name: name.trim(), username: username.trim(), clusterFingerprint });
        onFounding(made);
      }
      say('2 of 2: touch it once more; it signs the founding of your organisation.');
      const assertion = await passkeys().sign({
        challenge: genesisChallenge(made.genesis),
        allowCredentials: { webauthn: [{ id: made.credentialId }] },
      });
      onFounding({ ...made, proof: assertion });
    });
  };

  return (
    <Section title="1. Your organisation and your passkey">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          make();
        }}
      >
        <Field
          label="Name of the organisation"
          value={name}
          onInput={setName}
          autocomplete="organization"
          problem={isTried ? problems.name : undefined}
        />
        <Field
          label="Your e-mail address"
          type="email"
          value={username}
          onInput={setUsername}
          autocomplete="username"
          hint="You will be its first administrator."
          problem={isTried ? problems.username : undefined}
        />
        <ProblemNote problem={task.problem} />
        {task.isBusy ? <Waiting step={task.step} /> : null}
        <Button kind="primary" type="submit" isBusy={task.isBusy}>
          {founding === undefined ? 'Create passkey' : 'Sign the founding'}
        </Button>
      </form>
    </Section>
  );
}

function Pin({
  code,
  founding,
  proof,
  onFounded,
}: {
  readonly code: string;
  readonly founding: Founding;
  readonly proof: object;
  readonly onFounded: (session: Session) => void;
}) {
  const hash = genesisHash(founding.genesis);
  const ids = genesisIds(hash);
  const [problem, setProblem] = useState<Problem>();
  const [turn, setTurn] = useState(0);

  // Asks again by itself, and when the person says so.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const attempt = async (): Promise<void> => {
      try {
        const created = await publicApi(code).plain<CreatedOrg>('POST', '/holdfast/orgs', {
          genesis: founding.genesis,
          proof,
        });
        if (isGone) return;
        const { name: orgName, username, clusterFingerprint } = founding;
        const account = { orgId: ids.org, orgName, username, userId: ids.adminUserId, clusterFingerprint };
        onFounded({ account, token: created.admin.authToken });
      } catch (cause) {
        if (isGone) return;
        // Operators compare and pin in their own time; too few signers come back in theirs.
        const waits = cause instanceof ApiError && (cause.code === 'E_UNPINNED' || cause.status === 503);
        const isUnpinned = cause instanceof ApiError && cause.code === 'E_UNPINNED';
        setProblem(isUnpinned ? undefined : toProblem(cause, 0));
        if (waits || cause instanceof TypeError) timer = setTimeout(() => void attempt(), PIN_POLL_MS);
      }
    };
    void attempt();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [turn]);

  const command = `npm run --silent holdfast -- signer trust ${ids.org} ${toHex(hash)}`;
  return (
    <Section title="2. Let the signers trust it">
      <p class="prose mb-2">
        Your passkey has signed the founding of <strong>{founding.name}</strong>. Signers take nobody's word for it, the
        server's least of all: run this in the folder that holds Holdfast. Where signers run on several machines, each
        operator runs it on theirs, after comparing the hash with you.
      </p>
      <CodeLine text={command} label="Copy command" />
      <Fingerprint groups={groupsOf(toHex(hash))} label="SHA-256 of the founding" />
      {problem === undefined ? (
        <div role="status" class="my-4 flex items-center gap-3 rounded-md bg-sunken p-3">
          <span class="busy-ring" aria-hidden="true" />
          Waiting until the signers have the hash. This page goes on by itself.
        </div>
      ) : (
        <div class="mt-4">
          <ProblemNote problem={problem}>
            <div class="mt-2">
              <Button onClick={() => setTurn(turn + 1)}>Ask again</Button>
            </div>
          </ProblemNote>
        </div>
      )}
      <Note tone="note" title="Keep this page open">
        <p>Until the signers have the hash, the founding exists in this page alone.</p>
      </Note>
    </Section>
  );
}

/** The passkey is older than the user id that follows from the founding, so its user handle is the founding's nonce. */
async function begin(o: { name: string; username: string; clusterFingerprint: string }): Promise<Founding> {
  const random = (bytes: number) => toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));
  const nonce = random(16);
  const { name, username, clusterFingerprint } = o;
  const made: CreatedPasskey = await createPasskey(
    navigator.credentials,
    { challenge: random(32), user: { id: nonce, name: username, displayName: username } },
    { ...passkeyOptions, rpName: name },
  );
  const { credId: id } = made.credentialInfo;
  const genesis = encodeGenesis({
    v: 1,
    c: clusterFingerprint,
    name,
    admin: { username, credential: { kind: 'Fido2', id, publicKey: made.publicKey, algorithm: made.algorithm } },
    app: { origin, rpId },
    time: new Date().toISOString(),
    nonce,
  });
  return { name, username, genesis, credentialId: id, clusterFingerprint };
}
