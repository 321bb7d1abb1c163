/** '1 message', '3 messages'. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** What a badge has room for. */
export function badge(count: number): string {
  return count > 99 ? '99+' : String(count)
}

/** The page's title: the unread first, where a narrow tab still shows it. */
export function pageTitle(unread: number, place: string | null): string {
  const name = place === null ? 'Entangle' : `${place} · Entangle`
  return unread > 0 ? `(${badge(unread)}) ${name}` : name
}

const encoder = new TextEncoder()

/** Length in UTF-8, which is what the limit of a message counts. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length
}
