// Holds the contract to what serves it: operations ↔ handlers ↔ the OpenAPI document, error codes ↔ the table,
// `.env.example` ↔ what each app's config.ts reads. Judges the built output, which `npm run check` makes first.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const faults = [];
const built = (path) => import(new URL(`../${path}`, import.meta.url));

const { operations, fullName, paramKinds } = await built('packages/contract/dist/operations/index.js');
const { errors, protocolErrors } = await built('packages/contract/dist/errors/index.js');
const { handlers } = await built('apps/api/dist/operations/index.js');
const { openApiDocument } = await built('apps/api/dist/openapi/document.js');

const routes = operations.flatMap((of) => [of.method, ...(of.alsoMethods ?? [])].map((method) => ({ of, method })));
checkOperations();
checkHandlers();
checkDocument();
const codes = checkCodes();
const settings = checkSettings();

if (faults.length > 0) {
  console.error(faults.join('\n'));
  console.error(`${faults.length} place(s) where contract, code and documents disagree`);
  process.exit(1);
}
console.log(
  `contract: ${operations.length} operations served and described, ${codes} error codes known, ${settings} settings documented`,
);

function checkOperations() {
  for (const name of repeated(operations.map(fullName))) faults.push(`operation ${name} is declared twice`);
  for (const route of repeated(routes.map(({ of, method }) => `${method} ${of.path.replace(/:\w+/g, ':')}`)))
    faults.push(`${route} is declared twice`);
  for (const of of operations) {
    for (const [, param] of of.path.matchAll(/:(\w+)/g)) {
      if (!Object.hasOwn(paramKinds, param) && !/^(?:credentialUuid|tag)$/.test(param))
        faults.push(`${fullName(of)}: paramKinds does not say what id ${param} is`);
    }
    if (of.summary.trim() === '') faults.push(`${fullName(of)} has no summary`);
    if (of.userAction && of.auth !== 'bearer') faults.push(`${fullName(of)} takes a user action of nobody`);
    if (of.effect !== 'none' && !of.userAction && of.auth === 'bearer')
      faults.push(`${fullName(of)} makes signers act without a signed request`);
  }
}

function checkHandlers() {
  const served = handlers.map(({ operation }) => fullName(operation));
  for (const name of repeated(served)) faults.push(`${name} has two handlers`);
  for (const of of operations) if (!served.includes(fullName(of))) faults.push(`${fullName(of)} has no handler`);
  for (const { operation } of handlers)
    if (!operations.includes(operation)) faults.push(`${fullName(operation)} is served but not in the contract`);
}

function checkDocument() {
  const { paths } = openApiDocument({ publicUrl: 'http://localhost:8787', version: '0' });
  const described = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((m) => `${m.toUpperCase()} ${path}`),
  );
  const declared = routes.map(({ of, method }) => `${method} ${of.path.replace(/:(\w+)/g, '{$1}')}`);
  for (const route of declared) if (!described.includes(route)) faults.push(`/openapi.json lacks ${route}`);
  for (const route of described)
    if (!declared.includes(route)) faults.push(`/openapi.json has ${route}, the contract does not`);
  const ids = Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
  for (const id of repeated(ids)) faults.push(`/openapi.json uses the operationId ${id} twice`);
}

/** Every code that stands in the code of a room is in a table of the contract; every code of a table is used. */
function checkCodes() {
  const used = new Map();
  const prefixes = new Set();
  for (const path of sources()) {
    if (path.includes('/contract/src/errors/')) continue;
    for (const [, code, cut] of withoutComments(readFileSync(path, 'utf8')).matchAll(
      /['"`](E_[A-Z0-9_]*?)(\$\{|['"`])/g,
    )) {
      if (code.endsWith('_') || cut === '${') prefixes.add(code);
      else used.set(code, path);
    }
  }
  for (const [code, path] of used) {
    const isKnown = Object.hasOwn(errors, code) || Object.hasOwn(protocolErrors, code);
    if (!isKnown) faults.push(`${relative(root, path)}: ${code} is in no table of packages/contract/src/errors`);
  }
  const isMade = (code) => [...prefixes].some((prefix) => prefix.length > 2 && code.startsWith(prefix));
  for (const code of [...Object.keys(errors), ...Object.keys(protocolErrors)])
    if (!used.has(code) && !isMade(code)) faults.push(`packages/contract/src/errors: nothing uses ${code}`);
  for (const code of Object.keys(protocolErrors))
    if (Object.hasOwn(errors, code)) faults.push(`packages/contract/src/errors: ${code} is in both tables`);
  return used.size;
}

/** For tests only, and without effect where NODE_ENV is anything else: may be left out of `.env.example`. */
function isOptional(name) {
  return name === 'HOLDFAST_CRASH_AT';
}

function checkSettings() {
  let count = 0;
  for (const app of readdirSync(join(root, 'apps'))) {
    const config = join(root, 'apps', app, 'src', 'config.ts');
    if (!existsSync(config)) continue;
    const code = withoutComments(readFileSync(config, 'utf8'));
    const read = new Set(
      [...code.matchAll(/(?<![\w ])(HOLDFAST_\w+|DATABASE_URL|NATS_(?:URL|CREDS|CA))(?!\w)|\{[^}]*\} = env;/g)].flatMap(
        namesIn,
      ),
    );
    const file = join(root, 'apps', app, '.env.example');
    const example = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const documented = new Set([...example.matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name));
    for (const name of read)
      if (!documented.has(name) && !isOptional(name)) faults.push(`apps/${app}/.env.example does not explain ${name}`);
    for (const name of documented)
      if (!read.has(name)) faults.push(`apps/${app}/.env.example explains ${name}, which is not read`);
    count += read.size;
  }
  return count;
}

/** `env.NAME`, `env['NAME']`, `read(env, 'NAME')` and `{ NAME: name } = env`; not names inside a sentence. */
function namesIn([text]) {
  return [...text.matchAll(/HOLDFAST_\w+|DATABASE_URL|NATS_(?:URL|CREDS|CA)/g)].map(([name]) => name);
}

function* sources() {
  for (const top of ['packages', 'apps']) {
    for (const room of readdirSync(join(root, top))) {
      for (const path of walk(join(root, top, room, 'src'))) {
        if (
          path.endsWith('.ts') &&
          !/\.(?:test|bench)\.ts$/.test(path) &&
          !/\/(?:test|testing|simulator|example)\//.test(path) &&
          !/\/(?:testkit|devnet)\//.test(path)
        )
          yield path;
      }
    }
  }
}

function* walk(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* walk(path);
    else yield path;
  }
}

function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function repeated(names) {
  return new Set(names.filter((name, at) => names.indexOf(name) !== at));
}
