import type { Browser, BrowserContext, Page } from 'playwright-core'

/** What the open pages show and have said, for whoever reads of a failure and cannot look at them. */

const KEPT_LINES = 40
const KEPT_CHARACTERS = 1500
const lines = new Map<Page, string[]>()

/** Remembers the pages of a browser for as long as they are open. */
export function watchPages(browser: Browser): void {
  browser.contexts().forEach(watchContext)
  browser.on('context', watchContext)
  browser.on('disconnected', () => {
    for (const page of lines.keys()) if (page.context().browser() === browser) lines.delete(page)
  })
}

function watchContext(context: BrowserContext): void {
  context.pages().forEach(watchPage)
  context.on('page', watchPage)
}

function watchPage(page: Page): void {
  const startedAt = performance.now()
  const said: string[] = []
  const note = (text: string) => {
    said.push(`${((performance.now() - startedAt) / 1000).toFixed(2)} s  ${text}`)
    if (said.length > KEPT_LINES) said.shift()
  }
  lines.set(page, said)
  page.on('close', () => lines.delete(page))
  page.on('console', message => note(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => note(`uncaught: ${error.message}`))
  page.on('worker', worker => note(`worker: ${worker.url()}`))
  page.on('websocket', socket => note(`socket: ${socket.url()}`))
  page.on('requestfailed', request => note(`${request.url()} failed: ${request.failure()?.errorText}`))
  page.on('response', answer => {
    if (answer.url().includes('/v1/')) note(`${answer.status()} ${answer.request().method()} ${answer.url()}`)
  })
}

/** One text about every page that is open now. */
export async function describeOpenPages(): Promise<string> {
  const texts = await Promise.all([...lines].map(([page, said]) => describe(page, said)))
  return texts.join('\n')
}

async function describe(page: Page, said: readonly string[]): Promise<string> {
  const body = await page
    .locator('body')
    .innerText({ timeout: 2000 })
    .catch(error => `cannot be read: ${error}`)
  return [`--- ${page.url()}`, body.slice(0, KEPT_CHARACTERS), ...said].join('\n')
}
