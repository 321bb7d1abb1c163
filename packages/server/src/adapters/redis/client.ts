import { createClient } from '@redis/client'
import { describeError, type Log } from '../../logging.ts'
import { SCRIPTS } from './scripts.ts'

/** Whoever waits for longer than this is told that the server is busy, and comes again. */
const ANSWER_WITHIN_MS = 1000
const CONNECT_WITHIN_MS = 2000
const RETRY_WITHIN_MS = 1000
const QUEUE_LIMIT = 20_000

/** The client's own limit counts only until a question has left. */
export function within<T>(answer: Promise<T>, answerWithinMs = ANSWER_WITHIN_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Redis did not answer in time')), answerWithinMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

type Parts = { readonly url: string; readonly log: Log }

const open = (url: string) =>
  createClient({
    url,
    scripts: SCRIPTS,
    // What cannot be asked now is refused now: a queue of questions would be answered when nobody waits any more.
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE_LIMIT,
    socket: {
      connectTimeout: CONNECT_WITHIN_MS,
      reconnectStrategy: retries => Math.random() * Math.min(RETRY_WITHIN_MS, 50 * 2 ** retries),
    },
  })
export type Redis = ReturnType<typeof open>

/** A connection that comes back by itself. Waits until somebody is there, and says so in the log. */
export async function connectRedis({ url, log }: Parts): Promise<Redis> {
  const client = open(url)
  let isAway = false
  client.on('error', error => {
    if (!isAway) log.warn('redis away', describeError(error))
    isAway = true
  })
  client.on('ready', () => {
    if (isAway) log.info('redis back')
    isAway = false
  })
  await client.connect()
  return client
}
