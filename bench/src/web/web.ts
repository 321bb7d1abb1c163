import {
  bubble,
  fillSignIn,
  jumpToLatest,
  launchBrowser,
  type ServerProcess,
  startServer,
} from '@entangle/testkit/harness'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { PASSWORD } from '../bench-person.ts'
import { seedAccount } from '../new-device/seed-account.ts'
import type { Report } from '../report.ts'
import { median } from '../timing.ts'
import {
  type Arrivals,
  readProbe,
  type Shown,
  scrollUp,
  startProbe,
  watchArrivals,
  watchSends,
} from './page-probe.ts'
import { measureSizes } from './sizes.ts'

const composer = (page: Page) => page.getByRole('textbox', { name: /^Message/ })

const SLOWDOWN = 4
/** A slow mobile network: 1.6 Mbit/s down, 750 kbit/s up, 150 ms. */
const SLOW_NETWORK = {
  latency: 150,
  downloadThroughput: 1.6e6 / 8,
  uploadThroughput: 750e3 / 8,
  offline: false,
}
const SENDS = 60
const VISITS = 7
/** Less than 3,000 messages are high. */
const SCROLL = { frames: 650, step: 160 }
const PATIENCE = { timeout: 300_000 }

const percentile = (values: readonly number[], part: number): number => {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

async function slowDown(page: Page, rate: number, network?: typeof SLOW_NETWORK): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate })
  if (network !== undefined) {
    await session.send('Network.enable')
    await session.send('Network.emulateNetworkConditions', network)
  }
}

const sinceNavigation = (page: Page): Promise<number> => page.evaluate(() => performance.now())

/** Until what is typed arrives in the first field of the way in. */
async function firstVisit(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await slowDown(page, SLOWDOWN, SLOW_NETWORK)
  await page.goto(url)
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('somebody', PATIENCE)
  await page.getByRole('button', { name: 'Create account' }).waitFor(PATIENCE)
  const usable = await sinceNavigation(page)
  await context.close()
  return usable
}

/** A device of the account with all its history, in the one conversation there is. */
async function signIn(
  context: BrowserContext,
  { url }: ServerProcess,
  handle: string,
  messages: number,
): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await fillSignIn(page, { handle, password: PASSWORD })
  await page.getByRole('list', { name: 'Chats' }).getByRole('listitem').first().click(PATIENCE)
  await page
    .getByRole('article', { name: `message ${messages - 1} of` })
    .first()
    .waitFor(PATIENCE)
  return page
}

/** In a tab that has nothing yet: neither a browser that makes room for it nor the end of a former page is part of it. */
async function repeatVisit(page: Page, url: string, arrivals: () => Promise<Arrivals>) {
  await slowDown(page, 1)
  await page.goto(new URL('/healthz', url).href)
  await slowDown(page, SLOWDOWN)
  const arriving = arrivals()
  await page.goto(url)
  const { rows, usable } = await arriving
  const painted = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
  )
  return { painted, rows, usable }
}

/** The medians of several, since one visit differs from the next. */
async function addRepeatVisits(report: Report, page: Page): Promise<void> {
  const url = page.url()
  const arrivals = await watchArrivals(page)
  const visits: Awaited<ReturnType<typeof repeatVisit>>[] = []
  for (let round = 0; round < VISITS; round++) visits.push(await repeatVisit(page, url, arrivals))
  await slowDown(page, 1)
  const add = (measure: string, atMost: number, pick: (visit: (typeof visits)[number]) => number) =>
    report.add({
      measure: `repeat visit: ${measure}, slowed`,
      value: median(visits.map(pick)),
      unit: 'ms',
      atMost,
    })
  add('something painted', 300, visit => visit.painted)
  add('last messages', 600, visit => visit.rows)
  add('usable', 1500, visit => visit.usable)
}

async function sends(page: Page, rate: number): Promise<readonly Shown[]> {
  await slowDown(page, rate)
  await startProbe(page)
  for (let round = 0; round < SENDS; round++) {
    await composer(page).fill(`line ${rate} ${round}`)
    await page.keyboard.press('Enter')
    await bubble(page, `line ${rate} ${round}`).waitFor()
  }
  await slowDown(page, 1)
  return (await readProbe(page)).shown
}

/** The display's clock is told, but only what the page does is held to a goal where it is not slowed down. */
async function addSends(report: Report, page: Page): Promise<void> {
  await watchSends(page)
  const add = (measure: string, values: readonly number[], atMost?: number) =>
    report.add({
      measure: `send to painted, 95th percentile${measure}`,
      value: percentile(values, 0.95),
      unit: 'ms',
      ...(atMost === undefined ? {} : { atMost }),
    })
  const slow = await sends(page, SLOWDOWN)
  add(
    ', slowed',
    slow.map(({ total }) => total),
    50,
  )
  const quick = await sends(page, 1)
  add(
    '',
    quick.map(({ total }) => total),
  )
  add(
    ', without the wait for the display',
    quick.map(({ total, waited }) => total - waited),
    16,
  )
}

/** From the end of the tab that had the engine to a message that the other one has sent. */
async function takeover(page: Page, url: string): Promise<number> {
  const other = await page.context().newPage()
  await other.goto(url)
  await other.getByRole('list', { name: 'Chats' }).getByRole('listitem').first().click()
  await composer(other).fill('from the other tab')
  await page.close({ runBeforeUnload: false })
  const from = performance.now()
  await other.keyboard.press('Enter')
  await other
    .getByRole('article', { name: /^from the other tab, You, .*, (sent|delivered|read)$/ })
    .waitFor(PATIENCE)
  return performance.now() - from
}

function addSizes(report: Report): void {
  const { initial, largestLazy, worker, wasm } = measureSizes()
  report.add({ measure: 'scripts of the page, gzip', value: initial, unit: 'KiB', atMost: 170 })
  report.add({
    measure: 'largest part loaded when needed, gzip',
    value: largestLazy,
    unit: 'KiB',
    atMost: 160,
  })
  report.add({ measure: 'scripts of the worker, gzip', value: worker, unit: 'KiB', atMost: 250 })
  report.add({ measure: 'WebAssembly, gzip', value: wasm, unit: 'KiB' })
}

async function addScrolling(report: Report, page: Page): Promise<void> {
  await jumpToLatest(page)
  await startProbe(page)
  await scrollUp(page, SCROLL)
  const { frames, jumps, blanks, held, longTasks } = await readProbe(page)
  report.add({ measure: 'scrolling: median frame', value: median(frames), unit: 'ms', atMost: 17.5 })
  report.add({
    measure: 'scrolling: 95th percentile frame',
    value: percentile(frames, 0.95),
    unit: 'ms',
    atMost: 33.4,
  })
  report.add({ measure: 'scrolling: rows that jumped', value: jumps, unit: '', atMost: 0 })
  report.add({ measure: 'scrolling: frames without a row in the middle', value: blanks, unit: '', atMost: 0 })
  report.add({ measure: 'scrolling: frames that waited for older rows', value: held, unit: '', atMost: 0 })
  report.add({ measure: 'scrolling: tasks over 50 ms', value: longTasks.length, unit: '', atMost: 0 })
}

/**
 * The web client in a real browser over a real server. The browser's throttle does not reach workers: what is said to
 * be slowed down is the page.
 */
export async function benchWeb(report: Report, { messages }: { readonly messages: number }): Promise<void> {
  report.say(
    `The web client, one conversation of ${messages} messages; "slowed" is a page throttled ${SLOWDOWN} times:`,
  )
  addSizes(report)
  const server = await startServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
  const browser = await launchBrowser({})
  try {
    const came = await firstVisit(browser, server.url)
    report.add({
      measure: 'first visit usable, slowed, 1.6 Mbit/s, 150 ms',
      value: came / 1000,
      unit: 's',
      atMost: 3,
    })
    const handle = await seedAccount(server, { conversations: 1, messages })
    const page = await signIn(await browser.newContext(), server, handle, messages)
    await addRepeatVisits(report, page)
    await addSends(report, page)
    await addScrolling(report, page)
    const taken = await takeover(page, page.url())
    report.add({ measure: 'a tab dies, another has sent', value: taken, unit: 'ms', atMost: 500 })
  } finally {
    await browser.close()
    await server.dispose()
  }
}
