import { decodeCbor, OPERATIONS } from '@entangle/protocol'
import { fillSignIn, launchBrowser, type ServerProcess, startServer } from '@entangle/testkit/harness'
import type { Page } from 'playwright-core'
import { PASSWORD } from '../bench-person.ts'
import type { Report } from '../report.ts'
import { type Seeding, seedAccount } from './seed-account.ts'

/** How many archived messages a page has fetched; it tells when there are as many as wanted. */
function watchArchive(page: Page, wanted: number): Promise<void> {
  let fetched = 0
  return new Promise(resolve => {
    page.on('response', async answer => {
      if (answer.request().method() !== 'GET' || !answer.url().includes('/archive')) return
      const body = await answer.body().catch(() => undefined)
      if (body === undefined || !answer.ok()) return
      fetched += OPERATIONS.readArchive.response.parse(decodeCbor(body)).records.length
      if (fetched >= wanted) resolve()
    })
  })
}

/** Signs in on a browser that knows nothing of the account, as its person would. */
async function measure(server: ServerProcess, handle: string, { conversations, messages }: Seeding) {
  const browser = await launchBrowser({})
  try {
    const page = await (await browser.newContext()).newPage()
    await page.goto(server.url)
    const archived = watchArchive(page, messages)
    await fillSignIn(page, { handle, password: PASSWORD })
    const started = performance.now()
    const since = () => (performance.now() - started) / 1000
    const chats = page.getByRole('list', { name: 'Chats' }).getByRole('listitem')
    await chats.first().click({ timeout: 120_000 })
    await page.getByRole('textbox', { name: /^Message/ }).fill('from the new device')
    await page.keyboard.press('Enter')
    await page
      .getByRole('article', { name: /^from the new device, You, .*, (sent|delivered|read)$/ })
      .waitFor({ timeout: 120_000 })
    const usable = since()
    await page.waitForFunction(
      wanted => document.querySelectorAll('[aria-label="Chats"] li').length >= wanted,
      conversations,
      { timeout: 300_000 },
    )
    const listed = since()
    await archived
    return { usable, listed, complete: since() }
  } finally {
    await browser.close()
  }
}

/** A new device in a real browser, against a real server: when it can be used, and when all history is there. */
export async function benchNewDevice(report: Report, seeding: Seeding): Promise<void> {
  const { conversations, messages } = seeding
  report.say(
    `A new device of an account with ${conversations} conversations and ${messages} archived messages:`,
  )
  const server = await startServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
  try {
    const handle = await seedAccount(server, seeding)
    const { usable, listed, complete } = await measure(server, handle, seeding)
    report.add({ measure: 'first message sent from it', value: usable, unit: 's', atMost: 10 })
    report.add({ measure: 'every conversation in the list', value: listed, unit: 's' })
    report.add({ measure: 'all history fetched', value: complete, unit: 's', atMost: 120 })
  } finally {
    await server.dispose()
  }
}
