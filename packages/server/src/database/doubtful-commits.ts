import type pg from 'pg'
import { judgeAnswers } from './answers.ts'

/** Whether it is stored for good cannot be said. Sending the same again gives the answer. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError'
}

type Notice = { readonly message?: string | undefined; readonly routine?: string | undefined }

/** The message is in the language of the database, the name of the function is not. */
const isDoubt = ({ message = '', routine }: Notice): boolean =>
  routine === 'SyncRepWaitForLSN' || /synchronous replication/i.test(message)

/**
 * Where somebody cancels the wait for a synchronous standby, PostgreSQL answers "committed" and adds a warning: it is
 * so here, but a failover would lose it. Here that is no success.
 */
export function refuseDoubtfulCommits(client: pg.ClientBase): void {
  let doubtful = false
  client.on('notice', notice => {
    doubtful ||= isDoubt(notice)
  })
  // Statements of a connection end one after the other: the warning belongs to the next that ends.
  judgeAnswers(client, error => {
    if (error !== undefined) return error
    const found = doubtful ? new OutcomeUnknownError() : undefined
    doubtful = false
    return found
  })
}
