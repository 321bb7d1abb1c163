import { describe, expect, test } from 'vitest'
import { allOrNone, createEndings } from '../src/harness/endings.ts'

describe('endings', () => {
  test('the last that was opened ends first, one after the other', async () => {
    const endings = createEndings()
    const told: string[] = []
    endings.add(() => told.push('folder'))
    endings.keep({
      async dispose() {
        told.push('server asked')
        await Promise.resolve()
        told.push('server')
      },
    })
    await endings.dispose()
    expect(told).toEqual(['server asked', 'server', 'folder'])
  })

  test('whoever asks a second time waits for the same end', async () => {
    const endings = createEndings()
    let release: () => void = () => undefined
    let count = 0
    endings.add(async () => {
      await new Promise<void>(resolve => {
        release = resolve
      })
      count += 1
    })
    const first = endings.dispose()
    let isOver = false
    const second = endings.dispose().then(() => {
      isOver = true
    })
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(isOver).toBe(false)
    release()
    await second
    expect(count).toBe(1)
    await first
  })
})

test('one that fails is told only when all others have started', async () => {
  let hasStarted = false
  const slow = new Promise<void>(resolve => setTimeout(resolve, 20)).then(() => {
    hasStarted = true
  })
  await expect(allOrNone([Promise.reject(new Error('no')), slow])).rejects.toThrow('no')
  expect(hasStarted).toBe(true)
})
