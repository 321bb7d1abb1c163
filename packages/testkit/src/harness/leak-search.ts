import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A secret that must not be found, in every form in which it could lie somewhere. */
type Needle = { readonly name: string; readonly forms: readonly Buffer[] }

export function createNeedles(secrets: Readonly<Record<string, string | Uint8Array>>): Needle[] {
  return Object.entries(secrets).map(([name, secret]) => ({ name, forms: formsOf(Buffer.from(secret)) }))
}

/** Plain, UTF-16, hexadecimal, and base64 at each of the three places it can start in a longer text. */
function formsOf(secret: Buffer): Buffer[] {
  const base64 = [0, 1, 2].flatMap(shift => {
    const encoded = Buffer.concat([Buffer.alloc(shift), secret]).toString('base64')
    // The first and last characters mix with the neighbours; what lies between is the secret's alone.
    const certain = encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + secret.length) * 8) / 6))
    return [certain, certain.replaceAll('+', '-').replaceAll('/', '_')]
  })
  const hex = secret.toString('hex')
  const texts = [...new Set([...base64, hex, hex.toUpperCase()])]
  return [secret, Buffer.from(secret.toString('utf8'), 'utf16le'), ...texts.map(text => Buffer.from(text))]
}

/** Names of the needles that are in `hay`. */
export const findNeedles = (hay: Buffer, needles: readonly Needle[]): string[] =>
  needles.filter(needle => needle.forms.some(form => hay.includes(form))).map(needle => needle.name)

/** `file: needle` for every needle in every file below a folder. Nothing is skipped, logs and WAL included. */
export async function searchFolder(folder: string, needles: readonly Needle[]): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    for (const name of await searchFile(path, needles)) found.push(`${path}: ${name}`)
  }
  return found
}

async function searchFile(path: string, needles: readonly Needle[]): Promise<string[]> {
  try {
    return findNeedles(await readFile(path), needles)
  } catch (error) {
    // Temporary files of the database come and go while we look.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
