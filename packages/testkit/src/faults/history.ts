import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Something in a conversation's log, as one client has seen it. `hash` is of its bytes. */
export type Seen = {
  readonly conversation: string
  readonly seq: number
  readonly epoch: number
  readonly event: 'application' | 'commit' | 'proposal'
  readonly message: string
  readonly sender: string
  readonly hash: string
}

type Attempt = {
  readonly device: string
  readonly conversation: string
  readonly message: string
  readonly event: 'application' | 'commit'
  readonly epoch: number
  readonly hash: string
}

export type Deed =
  /** `contiguous`: the clients of this conversation tell of every place of its log, not of messages alone. */
  | { readonly kind: 'conversation'; readonly conversation: string; readonly contiguous: boolean }
  /** From now on this device has to be shown whatever comes after that place. */
  | {
      readonly kind: 'member'
      readonly device: string
      readonly conversation: string
      readonly after: number
    }
  /** The commit at that place, made in that epoch, put the device out. */
  | {
      readonly kind: 'removed'
      readonly device: string
      readonly conversation: string
      readonly seq: number
      readonly epoch: number
    }
  | ({ readonly kind: 'send'; readonly phase: 'invoke' | 'fail' | 'unknown' } & Attempt)
  | ({ readonly kind: 'send'; readonly phase: 'ok'; readonly seq: number } & Attempt)
  /** In the device's durable storage, and so on its screen. */
  | ({ readonly kind: 'show'; readonly device: string } & Seen)
  /** In the log, as it was read when all was over. */
  | ({ readonly kind: 'stored' } & Seen)
  /** `told`: the device acknowledged up to here. `kept`: the server has it so. */
  | {
      readonly kind: 'cursor'
      readonly where: 'told' | 'kept'
      readonly device: string
      readonly conversation: string
      readonly seq: number
    }
  /** The session ended, and the server has said so. */
  | { readonly kind: 'revoked'; readonly device: string }
  | { readonly kind: 'used'; readonly device: string; readonly accepted: boolean }
  | { readonly kind: 'fault'; readonly name: string }
  /** No fault any more: what was delayed has to come now. */
  | { readonly kind: 'healed' }
  | { readonly kind: 'searched'; readonly place: string; readonly found: readonly string[] }

/** `at`: milliseconds of the machine's monotonic clock, the same in every process. */
export type Entry = Deed & { readonly client: string; readonly at: number }

export type Recorder = { note(deed: Deed): void; close(): Promise<void> }

export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** What one client does and sees, a JSON object a line. */
export async function createRecorder(folder: string, client: string): Promise<Recorder> {
  await mkdir(folder, { recursive: true })
  const file = createWriteStream(join(folder, `${client}.jsonl`), { flags: 'a' })
  return {
    note(deed) {
      file.write(`${JSON.stringify({ at: monotonicMs(), client, ...deed })}\n`)
    },
    close: () => new Promise(resolve => file.end(() => resolve())),
  }
}

/** All clients' files as one history, in the order of time. */
export async function readHistory(folder: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const name of (await readdir(folder)).filter(file => file.endsWith('.jsonl')).sort()) {
    for (const line of (await readFile(join(folder, name), 'utf8')).split('\n')) {
      if (line !== '') entries.push(JSON.parse(line))
    }
  }
  return entries.sort((a, b) => a.at - b.at)
}
