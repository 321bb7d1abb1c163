import { expect, test } from 'vitest'
import { randomFrom } from '../src/harness/seeded-random.ts'

test('a seed repeats its choices, and another makes others', () => {
  const choices = (seed: number) => {
    const random = randomFrom(seed)
    return Array.from({ length: 20 }, () => random.integer(0, 1000))
  }
  expect(choices(7)).toEqual(choices(7))
  expect(choices(7)).not.toEqual(choices(8))
})

test('integers reach both ends and nothing beyond', () => {
  const random = randomFrom(1)
  const seen = new Set(Array.from({ length: 500 }, () => random.integer(1, 3)))
  expect([...seen].sort()).toEqual([1, 2, 3])
})
