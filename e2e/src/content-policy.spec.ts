import { expectSignedIn, fillSignUp, introduce, send } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ANNA, BEN, openStage, type Stage } from './stage.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

test('P86 the content policy is strict, and a whole conversation never runs into it', async () => {
  const complaints: string[] = []
  const context = await stage.browser.newContext()
  context.on('console', message => {
    if (message.type() === 'error' || /content security policy|trusted type/i.test(message.text())) {
      complaints.push(message.text())
    }
  })
  context.on('weberror', ({ error }) => void complaints.push(String(error())))
  const page = await context.newPage()
  const answer = await page.goto(stage.server.url)
  const policy = answer?.headers()['content-security-policy'] ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).toContain("require-trusted-types-for 'script'")
  expect(policy).not.toContain("'unsafe-inline'")
  expect(answer?.headers()).toMatchObject({
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'x-content-type-options': 'nosniff',
  })

  await fillSignUp(page, ANNA)
  await expectSignedIn(page)
  const ben = await stage.join(BEN)
  await introduce({ ...ANNA, context, page }, ben)
  await send(page, BEN, 'https://example.org 🎉')
  await page.reload()
  await expectSignedIn(page)
  expect(complaints).toEqual([])
})
