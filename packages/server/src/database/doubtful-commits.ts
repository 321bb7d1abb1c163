import type pg from 'pg'

/** Whether it is stored for good cannot be said. Sending the same again gives the answer. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError'
}

type Notice = { readonly message?: string | undefined; readonly routine?: string | undefined }
type Callback = (error: Error | undefined, result: unknown) => void

/** The message is in the language of the database, the name of the function is not. */
const isDoubt = ({ message = '', routine }: Notice): boolean =>
  routine === 'SyncRepWaitForLSN' || /synchronous replication/i.test(message)

const isCallback = (value: unknown): value is Callback => typeof value === 'function'

/**
 * Where somebody cancels the wait for a synchronous standby, PostgreSQL answers "committed" and adds a warning: it is
 * so here, but a failover would lose it. Here that is no success.
 */
export function refuseDoubtfulCommits(client: pg.ClientBase): void {
  let doubtful = false
  client.on('notice', notice => {
    doubtful ||= isDoubt(notice)
  })
  /** Statements of a connection end one after the other: the warning belongs to the next that ends. */
  const doubt = (): OutcomeUnknownError | undefined => {
    const found = doubtful ? new OutcomeUnknownError() : undefined
    doubtful = false
    return found
  }
  const query: (...args: unknown[]) => unknown = client.query.bind(client)
  Object.assign(client, {
    query: (...args: unknown[]) => {
      const callback = args.at(-1)
      if (isCallback(callback)) {
        const checked: Callback = (error, result) => callback(error ?? doubt(), result)
        return query(...args.slice(0, -1), checked)
      }
      const answer = query(...args)
      if (!(answer instanceof Promise)) return answer
      return answer.then(result => {
        const doubted = doubt()
        if (doubted !== undefined) throw doubted
        return result
      })
    },
  })
}
