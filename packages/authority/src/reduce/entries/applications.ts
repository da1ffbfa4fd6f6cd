/**
 * Applications: places where passkeys of the organisation are used, beside that of its genesis. What a signer takes
 * from them is where an assertion may come from; that a server-signed one also signs its requests, the api checks.
 */
import { refuse } from '../../errors/index.ts';
import { deriveId } from '../../ids/index.ts';
import { type ApplicationRecord, type State, withEntry } from '../state.ts';
import { actorOf, checkGrant } from './cap.ts';
import { readOptionalText, readParam, readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

/**
 * A web origin as browsers write it, or what the platforms of phones put in its place (auth.md §2.5). Passkeys need a secure
 * context: https, or this machine (W3C Secure Contexts §3.1).
 */
const ORIGIN =
  /^(?:(?:https:\/\/[a-z0-9.-]{1,253}|http:\/\/(?:[a-z0-9-]{1,63}\.)?localhost)(?::[1-9][0-9]{0,4})?|android:apk-key-hash:[A-Za-z0-9_-]{1,128}|ios:bundle-id:[A-Za-z0-9.-]{1,255})$/;
const RP_ID = /^[a-z0-9.-]{1,253}$/;

export const createApplication: Reducer = (state, act, deps) => {
  const { body, nullifier } = act;
  const name = readText(body, 'name', 100);
  checkNameFree(state, name);
  const { kind } = body;
  if (kind !== 'ClientSideApplication' && kind !== 'ServerSideApplication')
    return refuse('E_BODY', 'body.kind must be ClientSideApplication or ServerSideApplication', { path: 'body.kind' });
  const origin = readText(body, 'origin', 300);
  if (!ORIGIN.test(origin))
    refuse('E_BODY', 'body.origin must be https://name, http://localhost, android:apk-key-hash:… or ios:bundle-id:…', {
      path: 'body.origin',
    });
  const rpId = readText(body, 'relyingPartyId', 253);
  if (!RP_ID.test(rpId)) refuse('E_BODY', 'body.relyingPartyId must be a domain name', { path: 'body.relyingPartyId' });
  const permissionId = readOptionalText(body, 'permissionId', 64);
  const appId = deriveId('ap', nullifier);
  const application: ApplicationRecord = {
    appId,
    kind,
    name,
    origin,
    rpId,
    active: true,
    restricted: permissionId !== undefined,
    ...keyOf(kind, readOptionalText(body, 'publicKey', 4096), deps.verify),
  };
  const created: State = { ...state, apps: withEntry(state.apps, appId, application) };
  if (permissionId === undefined) return created;
  const permission = state.permissions.get(permissionId) ?? refuse('E_NOT_FOUND', 'permission not found');
  checkGrant(state, actorOf(act), permission.operations);
  const id = deriveId('as', nullifier);
  return { ...created, assignments: withEntry(state.assignments, id, { id, permissionId, identityId: appId }) };
};

/** Only the name; `externalId` is the api's own affair. */
export const updateApplication: Reducer = (state, act) => {
  const application = changeable(state, act);
  const name = readOptionalText(act.body, 'name', 100) ?? application.name;
  if (name !== application.name) checkNameFree(state, name);
  return withApplication(state, { ...application, name });
};

export function setApplicationActive(active: boolean): Reducer {
  return (state, act) => withApplication(state, { ...changeable(state, act), active });
}

export const archiveApplication: Reducer = (state, act) =>
  withApplication(state, { ...changeable(state, act), active: false, archived: true });

/** A server-signed application has a key, and no other has. */
function keyOf(
  kind: ApplicationRecord['kind'],
  publicKey: string | undefined,
  verify: Parameters<Reducer>[2]['verify'],
): Pick<ApplicationRecord, 'publicKey' | 'algorithm'> {
  if (kind === 'ClientSideApplication') {
    if (publicKey !== undefined)
      refuse('E_BODY', 'body.publicKey is of server-signed applications only', { path: 'body.publicKey' });
    return {};
  }
  if (publicKey === undefined) return refuse('E_BODY', 'body.publicKey is required', { path: 'body.publicKey' });
  return { publicKey, algorithm: verify.parsePublicKey(publicKey).algorithm };
}

/**
 * Refuses to change the one whose page the request was signed on: whoever signs could be locked out by it, and a page
 * has no say about itself (auth.md §9).
 */
function changeable(state: State, act: Parameters<Reducer>[1]): ApplicationRecord {
  const appId = readParam(act.operation.params, 'appId');
  if (appId === state.app.appId) refuse('E_IMMUTABLE', 'the first application comes with the organisation');
  const application = state.apps.get(appId) ?? refuse('E_NOT_FOUND', 'application not found');
  if (application.archived === true) refuse('E_CONFLICT', 'application is archived');
  if (act.origin !== undefined && act.origin === application.origin)
    refuse('E_FORBIDDEN', 'an application cannot change its own state; sign elsewhere');
  return application;
}

/** Archived ones included. */
function checkNameFree(state: State, name: string): void {
  const taken = [...state.apps.values()].some((each) => each.name.toLowerCase() === name.toLowerCase());
  if (taken || name.toLowerCase() === state.name.toLowerCase())
    refuse('E_CONFLICT', 'an application of this name exists already');
}

const withApplication = (state: State, application: ApplicationRecord): State => ({
  ...state,
  apps: withEntry(state.apps, application.appId, application),
});
