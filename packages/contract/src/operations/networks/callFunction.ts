/** Calls a reading function of a contract and answers its decoded output. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Text } from '../shapes.ts';

// A fragment of a JSON ABI is nested to any depth, and compilers write more into it: the handler reads it.
const Open = Type.Record(Type.String(), Type.Unknown());

export const callFunction = operation({
  name: 'callFunction',
  domain: 'networks',
  method: 'POST',
  path: '/networks/:network/call-function',
  auth: 'bearer',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    contract: Text(128, 1),
    abi: Open,
    calldata: Type.Optional(Open),
  }),
  response: Type.Unknown(),
  summary: 'Calls a reading function of a contract and answers its decoded output',
});
