/** Shows what each signer reports of itself. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Reply } from '../shapes.ts';

export const getFigures = operation({
  name: 'getFigures',
  domain: 'cluster',
  method: 'GET',
  path: '/holdfast/cluster/figures',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  response: Reply({
    signers: Type.Array(
      Reply({
        index: Type.Integer(),
        online: Type.Boolean(),
        /** Both absent until its first report since it came. */
        dateReported: Type.Optional(Type.String()),
        figures: Type.Optional(Type.Record(Type.String(), Type.Number())),
      }),
    ),
  }),
  summary: 'Shows what each signer reports of itself',
});
