import type { AccountRoom } from '../account/room.ts'
import { backoffMs } from '../account/timing.ts'
import { StoreError } from '../ports/key-value-store.ts'

/**
 * Background work: one run at a time; a wish that comes meanwhile leads to another run; what fails is tried again,
 * ever later. Without a connection nothing runs: whoever hears of one wishes again.
 */
export function createRepeatable(
  room: Pick<AccountRoom, 'clock' | 'timing' | 'diagnostics' | 'sender'>,
  task: {
    /** What a failure is noted as. */
    readonly code: string
    /** True when there is more to do. */
    readonly work: () => Promise<boolean | undefined>
  },
) {
  const { clock, timing, diagnostics, sender } = room
  let running = false
  let wanted = false
  let failures = 0
  let stopped = false
  let cancel: (() => void) | undefined
  let awaiting: (() => void)[] = []

  const fail = (error: unknown) => {
    // A store that failed ends the account's work; it starts again from the store.
    if (error instanceof StoreError) return
    diagnostics.note(task.code, error)
    failures += 1
    wantIn(backoffMs(timing, failures, clock.random()))
  }

  const run = async () => {
    if (running) return
    running = true
    while (wanted && !stopped && sender.isReady()) {
      wanted = false
      try {
        wanted = (await task.work()) === true || wanted
        failures = 0
      } catch (error) {
        fail(error)
      }
    }
    running = false
    const ended = awaiting
    awaiting = []
    for (const tell of ended) tell()
  }

  const want = () => {
    wanted = true
    void run()
  }

  const wantIn = (delayMs: number) => {
    if (stopped || cancel !== undefined) return
    cancel = clock.after(delayMs, () => {
      cancel = undefined
      want()
    })
  }

  return {
    want,
    /** Many wishes until then lead to one run. */
    wantIn,
    /** Resolves when what is to be done now was done, or tried: at once without a connection. */
    finish(): Promise<void> {
      cancel?.()
      cancel = undefined
      return new Promise(resolve => {
        awaiting.push(resolve)
        want()
      })
    },
    stop(): void {
      stopped = true
      cancel?.()
    },
  }
}
export type Repeatable = ReturnType<typeof createRepeatable>
