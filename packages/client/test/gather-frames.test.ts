import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { gatherFrames } from '../src/adapters/browser/gather-frames.ts'

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextTurn()
}

test('what came while the page was busy arrives together and in order, and nothing twice', async () => {
  const turns: number[][] = []
  let present: number[] | undefined
  const gather = gatherFrames<number>(frame => {
    if (present === undefined) {
      present = []
      turns.push(present)
      queueMicrotask(() => {
        present = undefined
      })
    }
    present.push(frame)
  })
  for (const frame of [1, 2, 3]) gather(frame)
  expect(turns).toEqual([])
  await until(() => turns.length === 1)
  gather(4)
  await until(() => turns.length === 2)
  expect(turns).toEqual([[1, 2, 3], [4]])
})
