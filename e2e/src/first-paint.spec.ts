import { introduce, openChat, type Person, written } from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

/** What may come over the wire before somebody can type; the engine and its cryptography are not part of it. */
const MOST_FILES = 5
const MOST_KIB = 130

let stage: Stage
let anna: Person

beforeAll(async () => {
  stage = await openStage()
  const ben = await stage.join(BEN)
  anna = await stage.join(ANNA)
  await introduce(anna, ben)
})
afterAll(() => stage?.close())

/** The engine's script never comes: nothing that is then on the page has waited for it. */
const withholdEngine = (page: Page) => page.route(/\/assets\/worker-.*\.js$/, () => undefined)

test('whoever comes for the first time can type before the engine is there, and few small files are enough', async () => {
  const page = await (await stage.browser.newContext()).newPage()
  await withholdEngine(page)
  const answers: { url: string; encoding: string | undefined; bytes: Promise<number> }[] = []
  page.on('response', answer => {
    if (!/\.(?:js|css)$|\/$/.test(answer.url())) return
    const bytes = answer.request().sizes()
    answers.push({
      url: answer.url(),
      encoding: answer.headers()['content-encoding'],
      bytes: bytes.then(({ responseBodySize }) => responseBodySize),
    })
  })
  await page.goto(stage.server.url)
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('somebody')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page
    .getByText(/at least|longer|password/i)
    .first()
    .waitFor()

  const assets = answers.filter(({ url }) => url.includes('/assets/'))
  expect(answers.length).toBeLessThanOrEqual(MOST_FILES)
  const sizes = await Promise.all(answers.map(({ bytes }) => bytes))
  expect(sizes.reduce((sum, size) => sum + size, 0) / 1024).toBeLessThan(MOST_KIB)
  for (const { url, encoding } of assets) {
    if (!/runtime/.test(url)) expect([url, encoding]).toEqual([url, 'br'])
  }
})

test('whoever was signed in sees the frame before the engine is there', async () => {
  const page = await anna.context.newPage()
  await withholdEngine(page)
  await page.goto(stage.server.url)
  await page.getByRole('navigation', { name: 'Conversations' }).waitFor()
  await page.getByRole('button', { name: 'New chat' }).waitFor()
  expect(await page.getByRole('button', { name: 'Create account' }).count()).toBe(0)
  await page.close()
})

/** In the page: whether a message is there before the first frame after the next key press is drawn. */
const isShownInNextFrame = `text => new Promise(resolve => {
  const look = () => [...document.querySelectorAll('article')].some(row => row.textContent.includes(text))
  const pressed = () => requestAnimationFrame(() => resolve(look()))
  addEventListener('keydown', pressed, { capture: true, once: true })
})`

test('a message is on the page in the first frame after the key press, and stays where it is', async () => {
  const { page } = anna
  await openChat(page, BEN)
  for (const text of ['first', 'second', 'third']) {
    const box = page.getByRole('textbox', { name: /^Message / })
    await box.fill(text)
    const shown = page.evaluate<boolean>(`(${isShownInNextFrame})(${JSON.stringify(text)})`)
    await page.evaluate('new Promise(requestAnimationFrame)')
    await box.press('Enter')
    expect(await shown).toBe(true)
    await written(page, text).waitFor()
    expect(await page.getByRole('article', { name: new RegExp(`^${text}, You`) }).count()).toBe(1)
  }
})
