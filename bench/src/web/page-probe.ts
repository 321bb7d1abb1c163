import type { Page } from 'playwright-core'

/** What the page itself writes down, without asking anybody: frames, tasks that held it up, rows that moved. */
export type Probe = {
  readonly frames: readonly number[]
  readonly longTasks: readonly number[]
  readonly jumps: number
  readonly blanks: number
  readonly shown: readonly number[]
}

declare global {
  interface Window {
    probe: { frames: number[]; longTasks: number[]; jumps: number; blanks: number; shown: number[] }
  }
}

/** Begins to write down; what was written before is forgotten. */
export const startProbe = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const probe = { frames: [], longTasks: [] as number[], jumps: 0, blanks: 0, shown: [] }
    const observer = new PerformanceObserver(list => {
      for (const entry of list.getEntries()) probe.longTasks.push(entry.duration)
    })
    observer.observe({ type: 'longtask' })
    window.probe = probe
  })

export const readProbe = (page: Page): Promise<Probe> => page.evaluate(() => window.probe)

/** From the key that sends to the first frame that shows the message, in milliseconds. */
export const watchSends = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const list = document.querySelector('[aria-label="Messages"]')
    if (list === null) throw new Error('no timeline')
    let pressedAt: number | undefined
    window.addEventListener(
      'keydown',
      event => {
        if (event.key === 'Enter') pressedAt = performance.now()
      },
      { capture: true },
    )
    new MutationObserver(() => {
      const from = pressedAt
      if (from === undefined) return
      pressedAt = undefined
      requestAnimationFrame(() => {
        const channel = new MessageChannel()
        channel.port1.onmessage = () => window.probe.shown.push(performance.now() - from)
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
      const middle = () =>
        document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.closest('li') ?? null
      let last = await frame()
      for (let count = 0; count < wanted.frames; count++) {
        const row = middle()
        const before = row?.getBoundingClientRect().top ?? 0
        const from = scroller.scrollTop
        scroller.scrollTop = from - wanted.step
        const moved = from - scroller.scrollTop
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
