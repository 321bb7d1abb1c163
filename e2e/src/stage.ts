import { randomBytes } from 'node:crypto'
import {
  type BrowserOptions,
  launchBrowser,
  newPerson,
  type Person,
  type PersonDetails,
  personDetails,
  type ServerAddress,
  type ServerOptions,
  type ServerProcess,
  startServer,
} from '@entangle/testkit/harness'
import type { Browser } from 'playwright-core'
import { inject } from 'vitest'

/** Files share a server, and no handle is given out twice: each file, and each new attempt at it, has its own. */
const mark = randomBytes(4).toString('hex')

export const somebody = (name: string, displayName: string): PersonDetails =>
  personDetails(`${name}-${mark}`, displayName)

export const ANNA = somebody('anna', 'Anna Winter')
export const BEN = somebody('ben', 'Ben Okafor')
export const CLEO = somebody('cleo', 'Cleo Marsh')

/** Long runs are for campaigns; everybody's `npm test` takes the short form. */
export const isCampaign = process.env['CAMPAIGN'] === 'long'

/** A browser for one file of tests and the server it talks to, ended in the reverse order whatever happened. */
export type Stage<Server extends ServerAddress = ServerAddress> = {
  readonly server: Server
  readonly browser: Browser
  /** A person in a context of their own. */
  join(details: PersonDetails): Promise<Person>
  /** Another browser of this stage, for somebody whose network is to be cut. */
  openBrowser(options: BrowserOptions): Promise<Browser>
  /** Something else to end with the stage. */
  keep<T extends { close(): Promise<unknown> }>(thing: T): T
  close(): Promise<void>
}

export type StageWithServer = Stage<ServerProcess>

/** At the server that all files share. */
export const openStage = (): Promise<Stage> => openAt(inject('server'))

/** With a server of its own, to be killed, looked into or set up in another way. */
export async function openStageWithServer(options: ServerOptions = {}): Promise<StageWithServer> {
  const server = await startServer(options)
  return openAt(server, () => server.dispose())
}

async function openAt<Server extends ServerAddress>(
  server: Server,
  ...closers: (() => Promise<unknown>)[]
): Promise<Stage<Server>> {
  const keep = <T extends { close(): Promise<unknown> }>(thing: T): T => {
    closers.unshift(() => thing.close())
    return thing
  }
  const openBrowser = async (options: BrowserOptions) => keep(await launchBrowser(options))
  const close = async () => {
    for (const end of closers.splice(0)) await end()
  }
  try {
    const browser = await openBrowser({})
    return {
      server,
      browser,
      join: details => newPerson(browser, server.url, details),
      openBrowser,
      keep,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
