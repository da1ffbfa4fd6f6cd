/**
 * The figures that a signer pushes every 15 s (rulings 36), by name. They are a signer's word and nobody's proof: whoever
 * shows them shows these names and no others, so that a signer cannot make up as many as it likes.
 */
export interface FigureKind {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
}

export const signerFigures: Readonly<Record<string, FigureKind>> = {
  commands_done: { type: 'counter', help: 'Commands carried out since the signer started' },
  commands_refused: { type: 'counter', help: 'Commands refused since the signer started' },
  peers_named: { type: 'counter', help: 'Times that a signing run named a peer since the signer started' },
  keys: { type: 'gauge', help: 'Keys of which the signer knows' },
  journal_rows: { type: 'gauge', help: 'Rows of the journal' },
  runs_active: { type: 'gauge', help: 'Protocol runs under way' },
  peers_online: { type: 'gauge', help: 'Other signers it is in session with' },
  frozen: { type: 'gauge', help: '1 while its operator has frozen it' },
  journal_damaged: { type: 'gauge', help: '1 where its journal is damaged: it takes part in nothing' },
  organisations_set_aside: {
    type: 'gauge',
    help: 'Organisations it takes part in nothing for, until it has caught up',
  },
};

/** The known ones that are numbers an operator can use: finite, not negative. */
export function readFigures(figures: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const known = Object.entries(figures).filter(
    ([name, value]) => Object.hasOwn(signerFigures, name) && Number.isFinite(value) && value >= 0,
  );
  return Object.fromEntries(known);
}
