import pg from 'pg'
import { refuseDoubtfulCommits } from './doubtful-commits.ts'

const INT8 = 20

/** 64-bit integers arrive as numbers: sequence numbers and times stay below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary'
      ? Number
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** More texts than the server has; what an `in` with a list makes of one is a text of its own for each length. */
const NAMED_STATEMENTS = 300
/** A column more would change what a plan answers with: PostgreSQL refuses to go on with it. */
const HAS_ALL_COLUMNS = /^\s*select\s+\*|returning\s+\*/i

/** Each statement with parameters under a name of its own: parsed and planned once for each connection. */
function createStatementNames() {
  const names = new Map<string, string>()
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined || names.size >= NAMED_STATEMENTS || HAS_ALL_COLUMNS.test(text)) return known
    const name = `entangle_${String(names.size)}`
    names.set(text, name)
    return name
  }
  return (client: pg.PoolClient): void => {
    const query: (...args: unknown[]) => unknown = client.query.bind(client)
    Object.assign(client, {
      query: (text: unknown, values: unknown, ...rest: unknown[]) => {
        const isPrepared = typeof text === 'string' && Array.isArray(values) && values.length > 0
        const name = isPrepared ? nameOf(text) : undefined
        return name === undefined ? query(text, values, ...rest) : query({ name, text, values }, ...rest)
      },
    })
  }
}

export function createPool(address: pg.PoolConfig, size: number): pg.Pool {
  const pool = new pg.Pool({
    connectionTimeoutMillis: 5000,
    ...address,
    types,
    max: size,
    idleTimeoutMillis: 60_000,
    application_name: 'entangle',
  })
  pool.on('connect', createStatementNames())
  pool.on('connect', refuseDoubtfulCommits)
  // A connection that dies while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  // So would one that dies in somebody's hands: they learn of it from their statement, or from the next one.
  pool.on('connect', client => client.on('error', () => undefined))
  return pool
}

const CONNECTION_LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'])

/** Did the database go away (and the outcome stay unknown), rather than refuse the statement? */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // Class 08: connection; 57P0x: shutdown or crash of the server; 53300: no connection left.
  if (CONNECTION_LOST.has(code) || /^(08|57P0|53300)/.test(code)) return true
  return /terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|Connection ended/i.test(
    error.message,
  )
}

/** Runs `work` in one transaction on one connection. */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(failure => {
      broken = failure
    })
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}
