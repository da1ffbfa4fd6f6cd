import { health } from '@holdfast/contract/operations';
import { metricsText } from '../../metrics/index.ts';
import { handler, TextReply } from '../../pipeline/types.ts';

export const getMetrics = handler(
  health.getMetrics,
  async (ctx) => new TextReply('text/plain; version=0.0.4', metricsText(ctx)),
);
