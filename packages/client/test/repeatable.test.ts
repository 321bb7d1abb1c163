import { expect, test } from 'vitest'
import { StoreError } from '../src/ports/key-value-store.ts'
import { createRepeatable } from '../src/sync/repeatable.ts'
import { createBackground, settle } from './support/background.ts'

test('wishes during a run lead to one more run, and what has more to do goes on', async () => {
  const { room } = createBackground()
  let runs = 0
  const task = createRepeatable(room, {
    code: 'X',
    work: async () => {
      runs += 1
      if (runs === 1) for (let wish = 0; wish < 5; wish++) task.want()
      return runs < 4
    },
  })
  task.want()
  await settle()
  expect(runs).toBe(4)
})

test('a failure is noted and tried again later; one of the store and one after the end are not', async () => {
  const at = createBackground()
  let runs = 0
  let failure = new Error('again')
  const task = createRepeatable(at.room, {
    code: 'X',
    work: async () => {
      runs += 1
      throw failure
    },
  })
  task.want()
  await settle()
  await at.pass(1_001)
  expect([runs, at.notes.length]).toEqual([2, 2])
  failure = new StoreError('STORE_FAILED', 'broken')
  task.want()
  await settle()
  await at.pass(60_000)
  expect([runs, at.notes.length]).toEqual([4, 2])
  task.wantIn(10)
  task.stop()
  await at.pass(20)
  expect(runs).toBe(4)
})

test('nothing runs without a connection; the wish waits for the next one', async () => {
  const at = createBackground()
  let runs = 0
  const task = createRepeatable(at.room, {
    code: 'X',
    work: async () => {
      runs += 1
      return false
    },
  })
  at.connect(false)
  task.want()
  await settle()
  expect(runs).toBe(0)
  at.connect(true)
  task.want()
  await settle()
  expect(runs).toBe(1)
})

test('who waits for the end of what is to be done waits for the run, and for none without a connection', async () => {
  const at = createBackground()
  let runs = 0
  const task = createRepeatable(at.room, {
    code: 'X',
    work: async () => {
      runs += 1
      return runs < 2
    },
  })
  task.wantIn(60_000)
  await task.finish()
  expect(runs).toBe(2)
  at.connect(false)
  await task.finish()
  expect(runs).toBe(2)
})
