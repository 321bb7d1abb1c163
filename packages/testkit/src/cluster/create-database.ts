import { randomBytes } from 'node:crypto'
import type pg from 'pg'

export const newPassword = (): string => randomBytes(24).toString('base64url')

/** A database with a role of its own that owns it. Answers with its address at that host and port. */
export async function createDatabase(
  client: pg.Client,
  name: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  const password = newPassword()
  const [identifier, literal] = [client.escapeIdentifier(name), client.escapeLiteral(password)]
  await client.query(`CREATE ROLE ${identifier} LOGIN PASSWORD ${literal}`)
  await client.query(`CREATE DATABASE ${identifier} OWNER ${identifier}`)
  const url = new URL(`postgresql://localhost/${name}`)
  url.search = new URLSearchParams({ host, port: String(port), user: name, password }).toString()
  return url.href
}
