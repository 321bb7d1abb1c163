import { createPrivateKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from 'jose'
import type { UsersDatabase } from '../database/users-schema.ts'
import { TOKEN_ALGORITHM, type TokenKeys } from '../ports/token-keys.ts'
import type { Envelope } from './envelope.ts'

const generateKeys = promisify(generateKeyPair)
const MODULUS_BITS = 3072

async function createKey(database: UsersDatabase, envelope: Envelope): Promise<void> {
  const pair = await generateKeys('rsa', { modulusLength: MODULUS_BITS })
  const jwk = await exportJWK(pair.publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  const privateBytes = pair.privateKey.export({ type: 'pkcs8', format: 'der' })
  await database
    .insertInto('signing_key')
    .values({
      kid,
      public_jwk: JSON.stringify({ ...jwk, kid, alg: TOKEN_ALGORITHM, use: 'sig' }),
      sealed: await envelope.seal(privateBytes, `signing_key:${kid}`),
    })
    .execute()
}

/** Reads the signing keys, making the first one where there is none. */
export async function openSigningKeys(database: UsersDatabase, envelope: Envelope): Promise<TokenKeys> {
  const read = () =>
    database
      .selectFrom('signing_key')
      .selectAll()
      .where('retired_at', 'is', null)
      .orderBy('created_at', 'desc')
      .orderBy('kid')
      .execute()
  let rows = await read()
  if (rows.length === 0) {
    await createKey(database, envelope)
    rows = await read()
  }
  const newest = rows[0]
  if (newest === undefined) throw new Error('no signing key')
  const privateKey = createPrivateKey({
    key: Buffer.from(await envelope.open(newest.sealed, `signing_key:${newest.kid}`)),
    type: 'pkcs8',
    format: 'der',
  })
  const publicKeys = new Map(rows.map(row => [row.kid, row.public_jwk as JWK]))
  return {
    sign: (claims, type) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: type, kid: newest.kid })
        .sign(privateKey),
    publicKey: async kid => publicKeys.get(kid),
    jwks: async () => ({ keys: [...publicKeys.values()] }),
  }
}
