/** An invited person makes a first passkey with the code of a mail. Until somebody who belongs confirms it, it reads. */
import { decodeChallenge } from '@holdfast/authority/challenge';
import { ChallengeRefused } from '@holdfast/client/credentials';
import { type CreationChallenge, createPasskey } from '@holdfast/client/passkey-signer';
import { useState } from 'preact/hooks';
import { type Account, holdToPins, rememberAccount, rememberKey } from '../account/accounts.ts';
import { passkeyOptions, publicApi } from '../account/api.ts';
import { seeCluster } from '../account/cluster.ts';
import { fingerprintOf } from '../account/fingerprint.ts';
import { Button, Field, Fingerprint, Note, ProblemNote, Section, Title, Waiting } from '../components/parts.tsx';
import { useTask } from '../components/task.ts';
import { dropFragment, fragment, PageLink } from '../router.tsx';

interface RegistrationChallenge extends CreationChallenge {
  readonly temporaryAuthenticationToken: string;
  readonly rp?: { readonly name: string };
}

export function RegisterPage() {
  const [given] = useState(fragment);
  const [orgId, setOrgId] = useState(given.get('org') ?? '');
  const [username, setUsername] = useState(given.get('user') ?? '');
  const [code, setCode] = useState(given.get('code') ?? '');
  const [isTried, setTried] = useState(false);
  const [made, setMade] = useState<{ account: Account; publicKey: string }>();
  const [isSent, setSent] = useState(false);
  const task = useTask();
  const again = useTask();
  const problems = {
    orgId: /^or-[a-z0-9-]+$/.test(orgId.trim())
      ? undefined
      : 'An organisation’s id begins with or-; it is in the mail.',
    username: username.trim() === '' ? 'Give the address the mail was sent to.' : undefined,
    code: /^\d{4}(-?\d{4}){3}$/.test(code.trim()) ? undefined : 'The code has sixteen digits; it is in the mail.',
  };
  const isReady = Object.values(problems).every((problem) => problem === undefined);

  const register = () => {
    setTried(true);
    if (!isReady) return;
    void task.run(async (say) => {
      const cluster = await seeCluster();
      const wish = { orgId: orgId.trim(), username: username.trim(), registrationCode: code.trim() };
      holdToPins({ orgId: wish.orgId, clusterFingerprint: cluster.fingerprint });
      const challenge = await publicApi().plain<RegistrationChallenge>('POST', '/auth/registration/init', wish);
      checkRegistration(challenge, { orgId: wish.orgId, clusterFingerprint: cluster.fingerprint });
      say('Your browser makes the passkey now.');
      const orgName = challenge.rp?.name ?? wish.orgId;
      const passkey = await createPasskey(navigator.credentials, challenge, { ...passkeyOptions, rpName: orgName });
      await publicApi(challenge.temporaryAuthenticationToken).plain('POST', '/auth/registration', {
        firstFactorCredential: {
          credentialKind: 'Fido2',
          credentialInfo: passkey.credentialInfo,
          credentialName: 'First passkey',
        },
      });
      const { username: name } = wish;
      const userId = challenge.user.id;
      const account = { orgId: wish.orgId, orgName, username: name, userId, clusterFingerprint: cluster.fingerprint };
      rememberAccount(account);
      rememberKey(passkey.credentialInfo.credId, passkey.publicKey);
      dropFragment();
      setMade({ account, publicKey: passkey.publicKey });
    });
  };

  if (made !== undefined)
    return (
      <>
        <Title lead={`You belong to ${made.account.orgName} now.`}>Your passkey is made</Title>
        <Section title="One more step, and it is not yours">
          <p class="prose mb-2">
            You can sign in and look around. Signers take your signature once an administrator has compared this
            fingerprint with you, by voice or face to face, and confirmed it.
          </p>
          <Fingerprint groups={fingerprintOf(made.publicKey)} label="Fingerprint of your passkey" />
          <p class="my-1">
            <span class="block text-sm text-muted">Your id, to compare as well</span>
            <code class="font-mono text-sm">{made.account.userId}</code>
          </p>
          <p class="mt-4">
            <PageLink
              to="login"
              class="inline-flex min-h-10 items-center rounded-sm bg-accent px-4 py-2 text-sm font-medium text-onaccent"
            >
              Sign in
            </PageLink>
          </p>
        </Section>
      </>
    );
  return (
    <>
      <Title lead="You were invited by mail. A passkey takes the place of a password: your device keeps it.">
        Join your organisation
      </Title>
      <Section title="Make your passkey">
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            register();
          }}
        >
          <Field
            label="Organisation"
            value={orgId}
            onInput={setOrgId}
            isMono
            problem={isTried ? problems.orgId : undefined}
          />
          <Field
            label="Your e-mail address"
            type="email"
            value={username}
            onInput={setUsername}
            autocomplete="username"
            problem={isTried ? problems.username : undefined}
          />
          <Field
            label="Code from the mail"
            value={code}
            onInput={setCode}
            autocomplete="one-time-code"
            isMono
            hint="Valid for four hours, once."
            problem={isTried ? problems.code : undefined}
          />
          <ProblemNote problem={task.problem} />
          {task.isBusy ? <Waiting step={task.step} /> : null}
          <div class="flex flex-wrap gap-3">
            <Button kind="primary" type="submit" isBusy={task.isBusy}>
              Create passkey
            </Button>
            <Button
              isBusy={again.isBusy}
              isDisabled={problems.orgId !== undefined || problems.username !== undefined}
              onClick={() =>
                void again.run(async () => {
                  await publicApi().plain('PUT', '/auth/registration/code', {
                    orgId: orgId.trim(),
                    username: username.trim(),
                  });
                  setSent(true);
                })
              }
            >
              Send a new code
            </Button>
          </div>
          <div class="mt-4">
            <ProblemNote problem={again.problem} />
            {isSent ? (
              <Note tone="ok" title="A new code is on its way">
                <p>
                  If this address is waiting to join, its mail arrives in a moment. Older codes are worth nothing now.
                </p>
              </Note>
            ) : null}
          </div>
        </form>
      </Section>
    </>
  );
}

/** What a new passkey signs must be a registration here, and nothing else. */
export function checkRegistration(
  challenge: CreationChallenge,
  pins: { readonly orgId: string; readonly clusterFingerprint: string },
): void {
  const record = decodeChallenge(challenge.challenge);
  const fits =
    record.k === 'Registration' &&
    record.o === pins.orgId &&
    record.c === pins.clusterFingerprint &&
    record.u === challenge.user.id;
  if (!fits) throw new ChallengeRefused('the challenge is not for a registration in this organisation');
}
