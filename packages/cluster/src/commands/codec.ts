/**
 * Command, Reply and Push as JSON text: checked before writing and after reading, with the same limits, so that what
 * one side sends the other can always read. Refusals are ClusterError `E_COMMAND`, `E_REPLY`, `E_PUSH`.
 */
import { parseStrictJson, WireError } from '@holdfast/contract/wire';
import { ClusterError, type ClusterErrorCode, check, refuse } from '../errors.ts';
import type { Shape } from './shape.ts';
import * as shapes from './shapes.ts';
import type { Command, GroupElement, Push, Reply } from './types.ts';

/** UTF-8 bytes of the text. */
export const COMMAND_BYTES_MAX = 1 << 20;
export const REPLY_BYTES_MAX = 1 << 20;
export const PUSH_BYTES_MAX = 16 * 1024;
/** security-model.md 2.6 (h) 2. */
const DEPTH_MAX = 16;

interface Codec<T> {
  readonly shape: Shape<T>;
  readonly name: string;
  readonly code: ClusterErrorCode;
  readonly bytesMax: number;
}
const command: Codec<Command> = {
  shape: shapes.command,
  name: 'command',
  code: 'E_COMMAND',
  bytesMax: COMMAND_BYTES_MAX,
};
const reply: Codec<Reply> = { shape: shapes.reply, name: 'reply', code: 'E_REPLY', bytesMax: REPLY_BYTES_MAX };
const push: Codec<Push> = { shape: shapes.push, name: 'push', code: 'E_PUSH', bytesMax: PUSH_BYTES_MAX };

/**
 * Writes a command.
 *
 *     const text = encodeCommand({ v: 1, id: 'c1', kind: 'Status' });
 *     decodeCommand(text).kind   // 'Status'
 */
export const encodeCommand = (value: Command): string => encode(command, value);
export const decodeCommand = (text: string): Command => decode(command, text);
export const encodeReply = (value: Reply): string => encode(reply, value);
export const decodeReply = (text: string): Reply => decode(reply, text);
export const encodePush = (value: Push): string => encode(push, value);
export const decodePush = (text: string): Push => decode(push, text);

/** Whether it may stand in a group: asked before it is put beside others, whose command it would spoil. */
export function isGroupElement(value: GroupElement): boolean {
  try {
    shapes.groupElement(value, 'element', 'E_COMMAND');
    return true;
  } catch (error) {
    if (error instanceof ClusterError) return false;
    throw error;
  }
}

function encode<T>(codec: Codec<T>, value: T): string {
  const text = JSON.stringify(codec.shape(value, codec.name, codec.code));
  const bytes = Buffer.byteLength(text, 'utf8');
  check(bytes <= codec.bytesMax, codec.code, `${codec.name} must be at most ${codec.bytesMax} bytes`, { bytes });
  return text;
}

function decode<T>(codec: Codec<T>, text: string): T {
  try {
    const value = parseStrictJson(text, { bytesMax: codec.bytesMax, depthMax: DEPTH_MAX, name: codec.name });
    return codec.shape(value, codec.name, codec.code);
  } catch (cause) {
    if (cause instanceof WireError) refuse(codec.code, cause.message, { wire: cause.code }, cause);
    throw cause;
  }
}
