import type pg from 'pg'

type Callback = (error: Error | undefined, result: unknown) => void

const isCallback = (value: unknown): value is Callback => typeof value === 'function'
const errorOf = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/**
 * Tells of each statement of a connection how it ended: with an error, or without. An error that is given back is what
 * the caller is told.
 */
export function judgeAnswers(
  client: pg.ClientBase,
  judge: (error: Error | undefined) => Error | undefined,
): void {
  const query: (...args: unknown[]) => unknown = client.query.bind(client)
  Object.assign(client, {
    query: (...args: unknown[]) => {
      const callback = args.at(-1)
      if (isCallback(callback)) {
        const judged: Callback = (error, result) => callback(judge(error ?? undefined), result)
        return query(...args.slice(0, -1), judged)
      }
      const answer = query(...args)
      if (!(answer instanceof Promise)) return answer
      const refuse = (error: Error | undefined) => {
        if (error !== undefined) throw error
      }
      return answer.then(
        result => {
          refuse(judge(undefined))
          return result
        },
        error => refuse(judge(errorOf(error))),
      )
    },
  })
}
