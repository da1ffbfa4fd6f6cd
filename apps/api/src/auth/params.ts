/** A path parameter by name; the gate has checked that it is there and an id of its kind. */
export function param(call: { readonly params: Readonly<Record<string, string>> }, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new TypeError(`the path has no parameter ${name}`);
  return value;
}
