import { appendFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  bubble,
  createTempDir,
  introduce,
  launchProfileBrowser,
  openChat,
  type Person,
  send,
  signUp,
} from '@entangle/testkit/harness'
import { afterAll, beforeAll, test } from 'vitest'
import { comeBack } from './coming-back.ts'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

/** The head of a record of 700 bytes in LevelDB's journal (checksum, length, kind) of which nothing follows. */
const HALF_A_RECORD = Buffer.from([1, 2, 3, 4, 700 & 0xff, 700 >> 8, 1])

/** Leaves what a browser leaves that is killed between two writes to its journal. */
async function tearJournal(profileDir: string): Promise<void> {
  const places = join(profileDir, 'Default', 'IndexedDB')
  const place = (await readdir(places)).find(name => name.endsWith('.indexeddb.leveldb')) ?? ''
  const journal = (await readdir(join(places, place)))
    .filter(name => name.endsWith('.log'))
    .sort()
    .at(-1)
  if (journal === undefined) throw new Error('The browser keeps its databases in another form now.')
  await appendFile(join(places, place, journal), HALF_A_RECORD)
}

test('P61 a browser that crashed in the middle of a write has everything, at the next start and the one after', async () => {
  const profile = await createTempDir('profile')
  stage.keep({ close: profile.remove })
  const ben = await stage.join(BEN)
  let browser = await launchProfileBrowser(profile.path)
  stage.keep({ close: () => browser.kill9() })
  const anna = await signUp(browser.context, stage.server.url, ANNA)
  await introduce(anna, ben)

  const startAgain = async (): Promise<Person> => {
    browser = await launchProfileBrowser(profile.path)
    const page = browser.context.pages()[0] ?? (await browser.context.newPage())
    await comeBack(page, stage.server.url, ANNA)
    await openChat(page, ben)
    return { ...ANNA, context: browser.context, page }
  }

  await browser.kill9()
  await tearJournal(profile.path)
  const next = await startAgain()
  await bubble(next.page, 'hello').waitFor()
  await send(next.page, ben, 'after the crash')
  await bubble(ben.page, 'after the crash').waitFor()

  await browser.kill9()
  const afterNext = await startAgain()
  await bubble(afterNext.page, 'hello').waitFor()
  await bubble(afterNext.page, 'after the crash').waitFor()
})
