/** Reads the arguments of one command; what is wrong with them is said together with the command's usage. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export interface Arguments {
  readonly positionals: readonly string[];
  text(name: string): string;
  optional(name: string): string | undefined;
  /** Of an option that may be given several times. */
  all(name: string): readonly string[];
  flag(name: string): boolean;
}

/** @param positionalsMax how many words without a name the command takes */
export function readArguments(
  args: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
  positionalsMax = 0,
): Arguments {
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    // Its second sentence is about arguments that begin with a dash, which no command here takes.
    const message =
      cause instanceof Error ? cause.message.replace(/\. To specify .*$/s, '') : 'arguments not understood';
    throw new UsageError(message);
  }
  const surplus = parsed.positionals[positionalsMax];
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one word too many`);
  const values = parsed.values;
  return {
    positionals: parsed.positionals,
    text(name) {
      const value = values[name];
      if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} is required`);
      return value;
    },
    optional(name) {
      const value = values[name];
      return typeof value === 'string' ? value : undefined;
    },
    all(name) {
      const value = values[name] ?? [];
      return Array.isArray(value) ? value.map(String) : [String(value)];
    },
    flag: (name) => values[name] === true,
  };
}
