/** Signing in with a passkey. An account this browser knows keeps its pins; a new one is written down as it is met. */
import { decodeChallenge } from '@holdfast/authority/challenge';
import { type UserActionChallenge, VerifyingSigner } from '@holdfast/client/credentials';
import { useState } from 'preact/hooks';
import { type Account, forgetAccount, holdToPins, knownAccounts } from '../account/accounts.ts';
import { passkeys, publicApi } from '../account/api.ts';
import { seeCluster } from '../account/cluster.ts';
import type { PageProps } from '../app.tsx';
import { Button, Field, Note, ProblemNote, Section, Title, Waiting } from '../components/parts.tsx';
import { useTask } from '../components/task.ts';
import { fragment, go, PageLink, pageOf } from '../router.tsx';

interface LoginChallenge extends UserActionChallenge {
  readonly rp?: { readonly name: string };
}

export function LoginPage({ session, onSession }: PageProps) {
  const [known, setKnown] = useState(knownAccounts);
  const [given] = useState(fragment);
  const [isOther, setOther] = useState(known.length === 0 || given.has('org'));
  const [orgId, setOrgId] = useState(given.get('org') ?? '');
  const [username, setUsername] = useState(given.get('user') ?? '');
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const problems = {
    orgId: /^or-[a-z0-9-]+$/.test(orgId.trim()) ? undefined : 'An organisation’s id begins with or-.',
    username: username.trim() === '' ? 'Give the address you registered with.' : undefined,
  };

  const signIn = (account: Account | undefined) => {
    if (account === undefined) {
      setTried(true);
      if (problems.orgId !== undefined || problems.username !== undefined) return;
    }
    void task.run(async (say) => {
      const wish = account ?? { orgId: orgId.trim(), username: username.trim() };
      const challenge = await publicApi().plain<LoginChallenge>('POST', '/auth/login/init', {
        orgId: wish.orgId,
        username: wish.username,
      });
      const pinned = account ?? (await meet(wish, challenge));
      say('Your browser asks for your passkey now.');
      const firstFactor = await new VerifyingSigner(passkeys(), pinned).signLogin(challenge);
      const { token } = await publicApi().plain<{ token: string }>('POST', '/auth/login', {
        challengeIdentifier: challenge.challengeIdentifier,
        firstFactor,
      });
      onSession({ account: pinned, token });
      // Somebody whose login ended in the middle of something stays where that was.
      if (pageOf(location.pathname) === 'login') go('credentials');
    });
  };

  return (
    <>
      <Title lead={session === undefined ? undefined : `You are signed in as ${session.account.username}.`}>
        Sign in
      </Title>
      <ProblemNote problem={task.problem} />
      {task.isBusy ? <Waiting step={task.step} /> : null}
      {known.length === 0 ? null : (
        <Section title="On this browser">
          <ul class="grid gap-3">
            {known.map((account) => (
              <li
                key={`${account.orgId} ${account.userId}`}
                class="flex flex-wrap items-center gap-3 rounded-md bg-sunken p-3"
              >
                <span class="min-w-0 flex-1 basis-48">
                  <span class="block font-medium">{account.orgName}</span>
                  <span class="block text-sm text-muted">{account.username}</span>
                </span>
                <Button kind="primary" isBusy={task.isBusy} onClick={() => signIn(account)}>
                  Sign in with passkey
                </Button>
                <Button
                  onClick={() => {
                    forgetAccount(account);
                    setKnown(knownAccounts());
                    if (known.length === 1) setOther(true);
                  }}
                >
                  Forget
                </Button>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {isOther ? (
        <Section title={known.length === 0 ? 'Your account' : 'Another account'}>
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              signIn(undefined);
            }}
          >
            <Field
              label="Organisation"
              value={orgId}
              onInput={setOrgId}
              isMono
              hint="Begins with or-. Whoever invited you can tell you."
              problem={isTried ? problems.orgId : undefined}
            />
            <Field
              label="Your e-mail address"
              type="email"
              value={username}
              onInput={setUsername}
              autocomplete="username webauthn"
              problem={isTried ? problems.username : undefined}
            />
            <Note tone="note" title="This browser does not know this account yet">
              <p class="prose">
                It writes down which cluster and user it meets now, and refuses any other from then on.
              </p>
            </Note>
            <Button kind={known.length === 0 ? 'primary' : 'plain'} type="submit" isBusy={task.isBusy}>
              Sign in with passkey
            </Button>
          </form>
        </Section>
      ) : (
        <p class="mb-4">
          <Button onClick={() => setOther(true)}>Use another account</Button>
        </p>
      )}
      <p class="text-sm">
        Lost your passkeys?{' '}
        <PageLink to="recover" class="text-accent underline">
          Recover your account
        </PageLink>{' '}
        · Invited by mail?{' '}
        <PageLink to="register" class="text-accent underline">
          Join your organisation
        </PageLink>
      </p>
    </>
  );
}

/** The pins of an account met for the first time; VerifyingSigner holds this challenge, and all later ones, to them. */
async function meet(wish: { orgId: string; username: string }, challenge: LoginChallenge): Promise<Account> {
  const { fingerprint: clusterFingerprint } = await seeCluster();
  holdToPins({ orgId: wish.orgId, clusterFingerprint });
  const { u: userId } = decodeChallenge(challenge.challenge);
  return { ...wish, orgName: challenge.rp?.name ?? wish.orgId, userId, clusterFingerprint };
}
