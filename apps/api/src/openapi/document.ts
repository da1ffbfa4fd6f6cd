/** OpenAPI 3.1 of exactly what the contract declares, at `/openapi.json`. */
import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { errors } from '@holdfast/contract/errors';
import { type Method, type Operation, operations, paramKinds, permissionsOf } from '@holdfast/contract/operations';
import { idPattern } from '@holdfast/contract/types';
import type { Settings } from '../settings.ts';

type Json = { readonly [member: string]: unknown };

const tags: Readonly<Record<string, string>> = {
  auth: 'Users, service accounts, credentials, login and user action signing.',
  networks: 'Fees, contracts, and the nodes that are asked.',
  permissions: 'What an identity may do.',
  orgs: 'Organisations and their settings.',
  keys: 'Keys that five signers hold as shares.',
  wallets: 'A key bound to a network.',
  signers: 'The signers, for clients that import keys.',
  cluster: 'The cluster, for clients that verify.',
  health: 'Whether it works.',
};

interface Served {
  readonly text: string;
  readonly etag: string;
}
const served = new WeakMap<object, Served>();

/** The document as it is served, with a tag that changes when it does; made once for each settings object. */
export function openApiText(settings: Pick<Settings, 'publicUrl' | 'version'>): Served {
  const known = served.get(settings);
  if (known !== undefined) return known;
  const text = JSON.stringify(openApiDocument(settings));
  const made = { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
  served.set(settings, made);
  return made;
}

export function openApiDocument(settings: Pick<Settings, 'publicUrl' | 'version'>): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast API',
      version: settings.version,
      summary: 'Wallets whose keys exist only as shares on five signers.',
      description:
        'Calls marked with the header `x-dfns-useraction` are signed by the caller: ask `/auth/action/init`, sign, hand in at `/auth/action`, call.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: settings.publicUrl }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: paths(),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        operator: { type: 'http', scheme: 'bearer', description: 'Content of `data/operator.token`.' },
      },
      responses: errorResponses,
      schemas: { Error: errorSchema },
    },
  };
}

const ERROR_REF = { $ref: '#/components/schemas/Error' };

/** Codes of the public table by the status they come with: the same answers for every operation. */
const codesOf = (status: number): Record<string, string> =>
  Object.fromEntries(
    Object.entries(errors)
      .filter(([, entry]) => entry.status === status)
      .map(([code, { sentence }]) => [code, sentence]),
  );
const errorStatuses = [...new Set(Object.values(errors).map(({ status }) => status))].sort((a, b) => a - b);

/** `x-codes`: every stable code of this status with the sentence it has when nothing more exact is known. */
const errorResponses = Object.fromEntries(
  errorStatuses.map((status) => [
    `Error${status}`,
    {
      description: `${STATUS_CODES[status] ?? 'Refused'}: what was wrong, where, and what is accepted. \`error.details.code\` is stable.`,
      content: json(ERROR_REF),
      'x-codes': codesOf(status),
    },
  ]),
);

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['id', 'status', 'message', 'details'],
      properties: {
        id: { type: 'string', description: 'Id of the request, to ask about.' },
        status: { type: 'integer' },
        message: { type: 'string' },
        details: {
          type: 'object',
          required: ['code'],
          properties: {
            code: {
              type: 'string',
              pattern: '^E_[A-Z0-9_]+$',
              description: 'Stable; `x-codes` of each response lists those of the api, runs of signers add their own.',
            },
            path: { type: 'string', description: 'Where it was wrong, `body.network`.' },
          },
        },
      },
    },
  },
} as const;

function paths(): Json {
  const found: Record<string, Record<string, unknown>> = {};
  for (const of of operations) {
    const path = of.path.replaceAll(/:([A-Za-z]+)/g, '{$1}');
    const item = found[path] ?? {};
    found[path] = item;
    for (const method of [of.method, ...(of.alsoMethods ?? [])]) item[method.toLowerCase()] = describe(of, method);
  }
  return found;
}

function describe(of: Operation, method: Method): Json {
  const parameters = [...pathParameters(of), ...queryParameters(of), ...headerParameters(of)];
  const needs = describeNeeds(of);
  return {
    operationId: method === of.method ? `${of.domain}.${of.name}` : `${of.domain}.${of.name}.${method.toLowerCase()}`,
    tags: [of.domain],
    summary: of.summary,
    ...(needs === '' ? {} : { description: needs }),
    security: of.auth === 'public' ? [] : [{ [of.auth === 'operator' ? 'operator' : 'bearer']: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(of.request === undefined
      ? {}
      : { requestBody: { required: of.bodyOptional !== true, content: json(plain(of.request)) } }),
    responses: {
      [String(of.status ?? 200)]:
        of.status === 204 ? { description: 'Done.' } : { description: 'Done.', content: json(plain(of.response)) },
      ...Object.fromEntries(errorStatuses.map((status) => [status, { $ref: `#/components/responses/Error${status}` }])),
    },
  };
}

function describeNeeds(of: Operation): string {
  if (of.auth !== 'bearer') return '';
  const needs = permissionsOf(of, {});
  const more = typeof of.permissions === 'function' ? ' More may be needed, depending on the body.' : '';
  return needs.length === 0 ? '' : `Needs ${needs.map((name) => `\`${name}\``).join(', ')}.${more}`;
}

function pathParameters(of: Operation): Json[] {
  return [...of.path.matchAll(/:([A-Za-z]+)/g)].map(([, name = '']) => {
    const kind = paramKinds[name];
    const isId = kind !== undefined && kind !== 'network';
    const schema = isId ? { type: 'string', pattern: idPattern(kind) } : { type: 'string' };
    return { name, in: 'path', required: true, schema };
  });
}

function queryParameters(of: Operation): Json[] {
  const { properties = {} } = (of.query ?? {}) as { properties?: Readonly<Record<string, object>> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema: plain(schema) }));
}

function headerParameters(of: Operation): Json[] {
  if (!of.userAction) return [];
  return [{ name: 'x-dfns-useraction', in: 'header', required: true, schema: { type: 'string' } }];
}

function json(schema: unknown): Json {
  return { 'application/json': { schema } };
}

/** The schema without what is ours: markers of the builder, and the sentences of refusals. */
function plain(schema: object): Json {
  return JSON.parse(
    JSON.stringify(schema, (member, value: unknown) => (member === 'says' ? undefined : value)),
  ) as Json;
}
