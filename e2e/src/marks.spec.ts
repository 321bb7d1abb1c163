import { bubble, chatLink, introduce, ownMessage, send, waitUntil } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANNA, BEN, CLEO, openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('P67 a message is sent, delivered and read; unread ones are counted in the list and the title', async () => {
  const anna = await stage.join(ANNA)
  const ben = await stage.join(BEN)
  const cleo = await stage.join(CLEO)
  await introduce(anna, ben)
  await introduce(cleo, ben, 'hello from Cleo')

  // Ben looks at Cleo's chat: what Anna writes is delivered, not read.
  await send(anna.page, ben, 'one')
  await send(anna.page, ben, 'two')
  await ownMessage(anna.page, 'two', 'delivered').waitFor()
  await waitUntil(
    'the title counts',
    () => ben.page.title(),
    title => title.startsWith('(2)'),
  )
  await chatLink(ben.page, anna).filter({ hasText: '2 unread' }).waitFor()

  await chatLink(ben.page, anna).click()
  await bubble(ben.page, 'two').waitFor()
  await ownMessage(anna.page, 'two', 'read').waitFor()
  await waitUntil(
    'the title is quiet',
    () => ben.page.title(),
    title => !title.startsWith('('),
  )
})

test('links are safe to click, and nothing else becomes one', async () => {
  const [page] = stage.browser.contexts().flatMap(context => context.pages())
  if (!page) throw new Error('nobody is there')
  const text = 'see https://example.org/a?b=1 and javascript:alert(1) <b>bold</b>'
  await send(page, BEN, text)
  const article = page.getByRole('article').filter({ hasText: 'see https://example.org' })
  const link = article.getByRole('link')
  expect(await link.count()).toBe(1)
  expect(await link.getAttribute('href')).toBe('https://example.org/a?b=1')
  expect(await link.getAttribute('rel')).toContain('noopener')
  expect(await article.textContent()).toContain('<b>bold</b>')
})
