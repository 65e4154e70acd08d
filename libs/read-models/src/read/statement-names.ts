/** Texts that have a name; each connection keeps the plans of those that it has seen. */
const NAMES_MAX = 500

const names = new Map<string, string>()

/**
 * The name under which connections prepare this text: parsing and planning is most of what a small query costs a server. The texts come from
 * the resources, their filters and orders, so they are few; one beyond the bound has no name, and is planned each time.
 */
export function nameOfStatement(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || names.size >= NAMES_MAX) return known
  const name = `read_${names.size}`
  names.set(text, name)
  return name
}
