import type { Page } from 'playwright-core'

/** What the page itself writes down, without asking anybody: frames, tasks that held it up, rows that moved. */
export type Probe = {
  readonly frames: readonly number[]
  readonly longTasks: readonly number[]
  readonly jumps: number
  readonly blanks: number
  /** Frames in which there was no way on, because what is older had not come yet. */
  readonly held: number
  readonly shown: readonly Shown[]
}

declare global {
  interface Window {
    tellArrival: (what: string) => void
    probe: {
      frames: number[]
      longTasks: number[]
      jumps: number
      blanks: number
      held: number
      shown: Shown[]
    }
  }
}

/** Begins to write down; what was written before is forgotten. */
export const startProbe = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const probe = { frames: [], longTasks: [] as number[], jumps: 0, blanks: 0, held: 0, shown: [] }
    const observer = new PerformanceObserver(list => {
      for (const entry of list.getEntries()) probe.longTasks.push(entry.duration)
    })
    observer.observe({ type: 'longtask' })
    window.probe = probe
  })

export const readProbe = (page: Page): Promise<Probe> => page.evaluate(() => window.probe)

/** When the first message of a document was painted and when one could write, in milliseconds since its navigation. */
export type Arrivals = { readonly rows: number; readonly usable: number }

/**
 * Each document that this page opens from now on says by itself when these are there: to ask a slow page whether it is
 * ready, or only to bring it the means to answer, makes it slower. The answer is for the document opened next.
 */
export async function watchArrivals(page: Page): Promise<() => Promise<Arrivals>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Runtime.enable')
  await session.send('Runtime.addBinding', { name: 'tellArrival' })
  await page.addInitScript(() => {
    const wanted = new Map([
      ['rows', 'article'],
      ['usable', 'textarea'],
    ])
    const observer = new MutationObserver(() => {
      for (const [name, selector] of wanted) {
        if (document.querySelector(selector) === null) continue
        wanted.delete(name)
        requestAnimationFrame(() => {
          const channel = new MessageChannel()
          channel.port1.onmessage = () => window.tellArrival(`${name} ${performance.mark(name).startTime}`)
          channel.port2.postMessage(null)
        })
      }
      if (wanted.size === 0) observer.disconnect()
    })
    observer.observe(document, { childList: true, subtree: true })
  })

  const next = (name: keyof Arrivals) =>
    new Promise<number>(resolve => {
      const listen = ({ payload }: { readonly payload: string }) => {
        const [told, at] = payload.split(' ')
        if (told !== name) return
        session.off('Runtime.bindingCalled', listen)
        resolve(Number(at))
      }
      session.on('Runtime.bindingCalled', listen)
    })
  return async () => {
    const [rows, usable] = await Promise.all([next('rows'), next('usable')])
    return { rows, usable }
  }
}

/**
 * From the key that sends to the first frame that shows the message, in milliseconds. `waited`: how much of it nothing
 * was left to do but to wait for the display's next frame, which is up to 16.7 ms away whatever a page does.
 */
export type Shown = { readonly total: number; readonly waited: number }

export const watchSends = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const list = document.querySelector('[aria-label="Messages"]')
    if (list === null) throw new Error('no timeline')
    let pressedAt: number | undefined
    window.addEventListener(
      'keydown',
      event => {
        if (event.key === 'Enter') pressedAt = event.timeStamp
      },
      { capture: true },
    )
    new MutationObserver(() => {
      const from = pressedAt
      if (from === undefined) return
      pressedAt = undefined
      const changedAt = performance.now()
      requestAnimationFrame(frameAt => {
        const waited = Math.max(0, frameAt - changedAt)
        const channel = new MessageChannel()
        channel.port1.onmessage = () => window.probe.shown.push({ total: performance.now() - from, waited })
        channel.port2.postMessage(null)
      })
    }).observe(list, { childList: true })
  })

/** Scrolls up by `step` pixels a frame for as many frames, and looks after each whether rows are where they belong. */
export const scrollUp = (page: Page, { frames, step }: { readonly frames: number; readonly step: number }) =>
  page.evaluate(
    async wanted => {
      const list = document.querySelector('[aria-label="Messages"]')
      const scroller = list?.parentElement
      if (!scroller) throw new Error('no timeline')
      const frame = () => new Promise<number>(resolve => requestAnimationFrame(resolve))
      const box = scroller.getBoundingClientRect()
      // Rows do not touch: between two of them it is as empty as it should be.
      const gap = 20
      const rowAt = (offset: number) =>
        document
          .elementFromPoint(box.left + box.width / 2, box.top + box.height / 2 + offset)
          ?.closest('li') ?? null
      const middle = () => rowAt(0) ?? rowAt(-gap) ?? rowAt(gap)
      let last = await frame()
      for (let count = 0; count < wanted.frames; count++) {
        const row = middle()
        const before = row?.getBoundingClientRect().top ?? 0
        const from = scroller.scrollTop
        scroller.scrollTop = from - wanted.step
        const moved = from - scroller.scrollTop
        if (moved === 0) window.probe.held += 1
        const now = await frame()
        window.probe.frames.push(now - last)
        last = now
        if (middle() === null) window.probe.blanks += 1
        if (row?.isConnected && Math.abs(row.getBoundingClientRect().top - before - moved) > 2)
          window.probe.jumps += 1
      }
    },
    { frames, step },
  )
