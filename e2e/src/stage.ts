import {
  type BrowserOptions,
  launchBrowser,
  newPerson,
  type Person,
  type PersonDetails,
  personDetails,
  type ServerOptions,
  type ServerProcess,
  startServer,
} from '@entangle/testkit/harness'
import type { Browser } from 'playwright-core'

export const ANNA = personDetails('anna', 'Anna Winter')
export const BEN = personDetails('ben', 'Ben Okafor')
export const CLEO = personDetails('cleo', 'Cleo Marsh')

/** Long runs are for campaigns; everybody's `npm test` takes the short form. */
export const isCampaign = process.env['CAMPAIGN'] === 'long'

/** A server and a browser for one file of tests, ended in the reverse order whatever happened. */
export type Stage = {
  readonly server: ServerProcess
  readonly browser: Browser
  /** A person in a context of their own. */
  join(details: PersonDetails): Promise<Person>
  /** Another browser of this stage, for somebody whose network is to be cut. */
  openBrowser(options: BrowserOptions): Promise<Browser>
  /** Something else to end with the stage. */
  keep<T extends { close(): Promise<unknown> }>(thing: T): T
  close(): Promise<void>
}

export async function openStage(options: ServerOptions = {}): Promise<Stage> {
  const server = await startServer(options)
  const closers: (() => Promise<unknown>)[] = [() => server.dispose()]
  const keep = <T extends { close(): Promise<unknown> }>(thing: T): T => {
    closers.unshift(() => thing.close())
    return thing
  }
  const openBrowser = async (browserOptions: BrowserOptions) => keep(await launchBrowser(browserOptions))
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
