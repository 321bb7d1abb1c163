import { describe, expect, it } from 'vitest'
import { createInvitationStore, invitationIn, invitationOf } from '../src/join/invitation.ts'

function historyDouble() {
  const seen: string[] = []
  return {
    seen,
    replaceState: (_data: unknown, _title: string, url?: string | URL | null) => void seen.push(String(url)),
  }
}

describe('an invitation', () => {
  it('is read from behind the # of its own address alone', () => {
    expect(invitationIn({ pathname: '/join', hash: '#abc' })).toBe('abc')
    expect(invitationIn({ pathname: '/join', hash: '' })).toBeNull()
    expect(invitationIn({ pathname: '/chat/x', hash: '#abc' })).toBeNull()
  })

  it('leaves the address bar at once and is kept in memory', () => {
    const history = historyDouble()
    const store = createInvitationStore({ pathname: '/join', hash: '#abc' }, history)
    expect(store.getState().link).toBe('abc')
    expect(history.seen).toEqual(['/'])
  })

  it('leaves every other address alone', () => {
    const history = historyDouble()
    expect(createInvitationStore({ pathname: '/settings', hash: '#x' }, history).getState().link).toBeNull()
    expect(history.seen).toEqual([])
  })

  it('is known among links only for this place', () => {
    const here = 'https://chat.example'
    expect(invitationOf('https://chat.example/join#abc', here)).toBe('abc')
    expect(invitationOf('https://other.example/join#abc', here)).toBeNull()
    expect(invitationOf('http://chat.example/join#abc', here)).toBeNull()
    expect(invitationOf('https://chat.example/other#abc', here)).toBeNull()
    expect(invitationOf('mailto:a@b.example', here)).toBeNull()
  })
})
