import type { SessionState } from '@entangle/client'
import { beforeEach, expect, it } from 'vitest'
import { expectedSession, readLastVisit, rememberVisit } from '../src/state/last-visit.ts'

const kept = new Map<string, string>()
const storage = {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
  removeItem: (key: string) => void kept.delete(key),
}
const account = { accountId: 'a', handle: 'anna', displayName: 'Anna' } as never
const signedIn: SessionState = {
  phase: 'signed-in',
  account,
  deviceId: 'd' as never,
  recoverySaved: true,
}
const signedOut = (remembered: null | typeof account): SessionState => ({
  phase: 'signed-out',
  remembered,
  reason: 'requested',
})

beforeEach(() => kept.clear())

it('shows the way in at once to whoever comes for the first time', () => {
  expect(expectedSession(readLastVisit(storage))).toEqual({
    phase: 'signed-out',
    remembered: null,
    reason: null,
  })
})

it('waits for the engine where an account was left', () => {
  for (const session of [signedIn, signedOut(account)]) {
    rememberVisit(storage, session)
    expect(readLastVisit(storage)).toBe(session.phase)
    expect(expectedSession(readLastVisit(storage))).toEqual({ phase: 'starting' })
  }
})

it('forgets an account that was erased, and keeps nothing of one but that it is here', () => {
  rememberVisit(storage, signedIn)
  expect([...kept.values()]).toEqual(['signed-in'])
  rememberVisit(storage, { phase: 'starting' })
  expect(readLastVisit(storage)).toBe('signed-in')
  rememberVisit(storage, signedOut(null))
  expect(kept.size).toBe(0)
})

it('takes what it does not know for nothing', () => {
  kept.set('entangle.visit', 'something else')
  expect(readLastVisit(storage)).toBeNull()
})
