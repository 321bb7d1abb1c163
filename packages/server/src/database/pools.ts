import pg from 'pg'
import { judgeAnswers } from './answers.ts'
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

/** Asked of whoever has not been heard for so long whether it is still there. */
const PROBE_AFTER_MS = 10_000

/**
 * PostgreSQL's own part, so that nothing goes on that nobody waits for any more: a statement is ended before it is given
 * up here, and whoever has died or been parted leaves no locks behind. A commit that waits for a standby is not ended.
 */
const settingsWithin = (answerWithinMs: number): string =>
  Object.entries({
    statement_timeout: Math.floor(answerWithinMs * 0.9),
    idle_in_transaction_session_timeout: 2 * answerWithinMs,
    tcp_keepalives_idle: PROBE_AFTER_MS / 1000,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
  })
    .map(([name, value]) => `SET ${name} = ${String(value)}`)
    .join('; ')

/**
 * A connection can die without a word: a cable, a wall between two networks. The next one would wait as long for it, and
 * whatever still came over it is for nobody.
 */
function endWhenSilent(client: pg.ClientBase & Pick<pg.Client, 'end'>): void {
  judgeAnswers(client, error => {
    if (error?.message === SILENT) client.end().catch(() => undefined)
    return error
  })
}

type PoolOptions = pg.PoolConfig & {
  /** Whoever waits for longer is told that the connection is lost, and another one is taken. Without it: however long. */
  readonly answerWithinMs?: number
}

export function createPool({ answerWithinMs, ...address }: PoolOptions, size: number): pg.Pool {
  const pool = new pg.Pool({
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    keepAliveInitialDelayMillis: PROBE_AFTER_MS,
    ...address,
    ...(answerWithinMs !== undefined && {
      query_timeout: answerWithinMs,
      // Not with the first words of a connection: a pooler in between refuses those that it does not know.
      onConnect: client => client.query(settingsWithin(answerWithinMs)),
    }),
    types,
    max: size,
    idleTimeoutMillis: 60_000,
    application_name: 'entangle',
  })
  pool.on('connect', endWhenSilent)
  pool.on('connect', createStatementNames())
  pool.on('connect', refuseDoubtfulCommits)
  // A connection that dies while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  // So would one that dies in somebody's hands: they learn of it from their statement, or from the next one.
  pool.on('connect', client => client.on('error', () => undefined))
  return pool
}

/** What the client library says of a statement that has not been answered in time. */
const SILENT = 'Query read timeout'
const CONNECTION_LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'])

/** Did the database go away (and the outcome stay unknown), or has no time, rather than refuse the statement? */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // Class 08: connection; 57P0x: shutdown or crash of the server; 53300: no connection left; the others: out of time.
  if (CONNECTION_LOST.has(code) || /^(08|57P0|53300|57014|25P03)/.test(code)) return true
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
