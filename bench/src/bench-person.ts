import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChatSummary } from '@entangle/client'
import { createNodeClient, type NodeClient } from '@entangle/client/node'

export const PASSWORD = 'violet-harbour-57-lantern'

/** Nothing waits for a person here: a benchmark writes as fast as it can. */
const TIMING = {
  archiveDelay: 50,
  sendRate: { burst: 1e6, perSecond: 1e6 },
  selfUpdate: { min: 20, max: 100 },
}

/** Somebody at the engine itself, with a real server behind it. */
export type BenchPerson = {
  readonly handle: string
  readonly client: NodeClient
  readonly leave: () => Promise<void>
}

export async function openPerson(serverUrl: string, handle: string): Promise<BenchPerson> {
  const dataDir = await mkdtemp(join(tmpdir(), 'entangle-bench-'))
  const client = await createNodeClient({ serverUrl, dataDir, timing: TIMING })
  return {
    handle,
    client,
    leave: async () => {
      await client.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export async function signUpPerson(serverUrl: string, handle: string): Promise<BenchPerson> {
  const person = await openPerson(serverUrl, handle)
  await person.client.request('signUp', { handle, displayName: handle, password: PASSWORD })
  return person
}

/** Resolves once the list of chats is as wanted. */
export function untilChats(
  { client }: BenchPerson,
  holds: (chats: readonly ChatSummary[]) => boolean,
): Promise<void> {
  return new Promise(resolve => {
    let stop: () => void = () => undefined
    stop = client.on('chats', chats => {
      if (!holds(chats)) return
      resolve()
      // The first call comes before there is anything to stop.
      void Promise.resolve().then(() => stop())
    })
  })
}
