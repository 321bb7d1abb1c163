import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'

/** Name → value of the cookies of one server. Attributes do not matter: the jar serves one origin alone. */
export function createCookieJar(path: string) {
  const cookies = new Map<string, string>()
  try {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const at = line.indexOf('=')
      if (at > 0) cookies.set(line.slice(0, at), line.slice(at + 1))
    }
  } catch {
    // No jar yet.
  }
  let writing: Promise<void> = Promise.resolve()

  const persist = async () => {
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile([...cookies].map(([name, value]) => `${name}=${value}`).join('\n'))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
  }

  return {
    header: (): string | undefined =>
      cookies.size === 0 ? undefined : [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    /** Resolves when the change is on disk: an old refresh token must never come back after a restart. */
    async take(setCookies: readonly string[]): Promise<void> {
      if (setCookies.length === 0) return
      for (const line of setCookies) {
        const [pair = '', ...attributes] = line.split(';')
        const at = pair.indexOf('=')
        const name = pair.slice(0, at).trim()
        const value = pair.slice(at + 1).trim()
        const isExpired = attributes.some(attribute => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute))
        if (value === '' || isExpired) cookies.delete(name)
        else cookies.set(name, value)
      }
      writing = writing.then(persist, persist)
      await writing
    },
  }
}
export type CookieJar = ReturnType<typeof createCookieJar>
