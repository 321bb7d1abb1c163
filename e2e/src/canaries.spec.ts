import {
  bubble,
  captureTraffic,
  createNeedles,
  createNetworkLink,
  expectSignedIn,
  fillSignUp,
  findNeedles,
  introduce,
  openDatabaseView,
  searchFolder,
  send,
} from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANNA, BEN, openStageWithServer, type StageWithServer } from './stage.ts'

const FIRST = 'heron-over-the-quay-4471'
const ANSWER = 'copper kettle ☕ under the stairs 9903'
const LONG = 'the tide table says 17:42 '.repeat(60)
let stage: StageWithServer

beforeAll(async () => {
  stage = await openStageWithServer({ env: { LOG_LEVEL: 'debug' } })
})
afterAll(() => stage?.close())

test('P83 no text and no password is in the databases, their log, our log or what crosses the network', async () => {
  const link = stage.keep(await createNetworkLink(stage.server.port))
  const browser = await stage.openBrowser({ detour: { from: stage.server.port, to: link.port } })
  const context = await browser.newContext()
  const capture = captureTraffic(context)
  const page = await context.newPage()
  await page.goto(stage.server.url)
  await fillSignUp(page, ANNA)
  await expectSignedIn(page)
  const anna = { ...ANNA, context, page }
  const ben = await stage.join(BEN)
  await introduce(anna, ben, FIRST)
  await send(ben.page, anna, ANSWER)
  await bubble(anna.page, ANSWER).waitFor()
  await send(anna.page, ben, LONG.trim())
  await bubble(ben.page, LONG.trim()).waitFor()

  const secrets = createNeedles({
    'first message': FIRST,
    answer: ANSWER,
    'long message': LONG.slice(0, 52),
    "anna's password": ANNA.password,
    "ben's password": BEN.password,
  })
  // What must be found, so that not finding the secrets means something.
  const open = createNeedles({ handle: ANNA.handle })

  const view = await openDatabaseView(stage.server.dataDir)
  await view.query('postgres', 'CHECKPOINT')
  const tables = Buffer.from((await view.dump()).join('\n'))
  await view.close()
  expect(findNeedles(tables, open)).toEqual(['handle'])
  expect(findNeedles(tables, secrets)).toEqual([])

  expect(await searchFolder(stage.server.dataDir, open)).not.toEqual([])
  expect(await searchFolder(stage.server.dataDir, secrets)).toEqual([])

  const log = Buffer.from(stage.server.output())
  expect(log.length).toBeGreaterThan(0)
  expect(findNeedles(log, secrets)).toEqual([])

  const wire = Buffer.concat([
    ...link.bytes,
    ...link.sentFrames.map(frame => frame.payload),
    ...capture.pieces,
  ])
  expect(link.sentFrames.length).toBeGreaterThan(3)
  expect(findNeedles(wire, open)).toEqual(['handle'])
  expect(findNeedles(wire, secrets)).toEqual([])
})
