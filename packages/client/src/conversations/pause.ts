import type { AccountContext } from '../account/context.ts'
import { backoffMs } from '../account/timing.ts'

/** How long a chat rests after failures, ever longer. */
export function createPause({ clock, timing }: Pick<AccountContext, 'clock' | 'timing'>) {
  let failures = 0
  let until = 0
  return {
    until: (): number => until,
    /** `attempt`: counted here unless told. */
    rest(attempt?: number): void {
      if (attempt === undefined) failures += 1
      until = clock.now() + backoffMs(timing, attempt ?? failures, clock.random())
    },
    succeeded(): void {
      failures = 0
    },
    end(): void {
      until = 0
    },
  }
}
export type Pause = ReturnType<typeof createPause>
