import { DEFAULT_TIMING } from '../../src/account/timing.ts'

/** A clock that the test moves, and a connection that it cuts. */
export function createBackground() {
  const timers: { readonly at: number; readonly run: () => void }[] = []
  const notes: string[] = []
  let now = 0
  let ready = true
  return {
    notes,
    connect: (value: boolean) => {
      ready = value
    },
    async pass(ms: number) {
      now += ms
      for (const timer of timers.splice(0)) {
        if (timer.at <= now) timer.run()
        else timers.push(timer)
      }
      await settle()
    },
    room: {
      timing: DEFAULT_TIMING,
      diagnostics: { note: (code: string) => void notes.push(code) },
      sender: { isReady: () => ready, send: () => false, control: () => false },
      clock: {
        now: () => now,
        random: () => 1,
        after: (ms: number, run: () => void) => {
          const timer = { at: now + ms, run }
          timers.push(timer)
          return () => void timers.splice(timers.indexOf(timer), 1)
        },
      },
    },
  }
}
export const settle = () => new Promise(resolve => setTimeout(resolve, 0))
