import type { ChatSummary, GroupMember, Notice } from '@entangle/client'
import type { AccountId, AccountSummary, Role } from '@entangle/protocol'
import { describe, expect, it } from 'vitest'
import { matchingChats } from '../src/chats/listed-chats.ts'
import { heirs, matchingMembers, membersLine } from '../src/groups/group-text.ts'
import { canRemove, roleChanges } from '../src/groups/member-actions.ts'
import { noticeWords } from '../src/groups/notice-text.ts'
import { knownPeople, matchingPeople, refusal } from '../src/groups/people.ts'
import { centredSquare } from '../src/groups/scale-picture.ts'
import { changedWords, digitGroups, spokenNumber } from '../src/identity/safety-number.ts'
import { joinNames, shortName, typingWords } from '../src/text/names.ts'

const id = (name: string) => name as AccountId
const person = (handle: string, displayName: string): AccountSummary => ({
  accountId: id(handle),
  handle,
  displayName,
})

const MIRA = person('mira', 'Mira Sandoval')
const ANNA = person('anna', 'Anna Winter')
const BEN = person('ben', 'Ben Okafor')
const CLEO = person('cleo', 'Cleo Marsh')
const ALL = [MIRA, ANNA, BEN, CLEO]

function told(notice: Notice, by: AccountSummary, known: readonly AccountSummary[] = ALL): string {
  return noticeWords(notice, {
    actor: by === MIRA ? null : by.displayName,
    actorId: by.accountId,
    self: MIRA.accountId,
    nameOf: wanted => known.find(one => one.accountId === wanted)?.displayName,
  })
}

describe('notices in words', () => {
  it('tell who did what to whom, the reader being "you"', () => {
    expect(told({ kind: 'group-created' }, MIRA)).toBe('You created the group')
    expect(told({ kind: 'added', people: [id('ben'), id('cleo')] }, ANNA)).toBe(
      'Anna Winter added Ben Okafor and Cleo Marsh',
    )
    expect(told({ kind: 'added', people: [id('ben'), id('mira')] }, ANNA)).toBe(
      'Anna Winter added you and Ben Okafor',
    )
    expect(told({ kind: 'removed', people: [id('mira')] }, ANNA)).toBe('Anna Winter removed you')
    expect(told({ kind: 'left' }, MIRA)).toBe('You left')
    expect(told({ kind: 'joined-by-link' }, BEN)).toBe('Ben Okafor came in by an invite link')
    expect(told({ kind: 'renamed', name: 'Garden' }, ANNA)).toBe('Anna Winter changed the name to “Garden”')
    expect(told({ kind: 'topic-changed', topic: '' }, ANNA)).toBe('Anna Winter removed the topic')
    expect(told({ kind: 'picture-changed', removed: true }, MIRA)).toBe('You removed the picture')
    expect(told({ kind: 'links-changed', open: 0 }, ANNA)).toBe(
      'Anna Winter changed the invite links: none is open',
    )
    expect(told({ kind: 'identity-changed', person: id('ben'), signed: true }, BEN)).toBe(
      'The safety number with Ben Okafor has changed',
    )
    expect(told({ kind: 'identity-changed', person: id('ben'), signed: false }, BEN)).toBe(
      'Ben Okafor has a new identity. Compare the safety number to be certain who it is.',
    )
  })

  it('tell roles, and somebody who gave their own back', () => {
    const made = (by: AccountSummary, to: AccountSummary, role: Role) =>
      told({ kind: 'role-changed', person: to.accountId, role }, by)
    expect(made(MIRA, BEN, 'admin')).toBe('You made Ben Okafor an admin')
    expect(made(ANNA, MIRA, 'owner')).toBe('Anna Winter made you an owner')
    expect(made(ANNA, BEN, 'member')).toBe('Anna Winter made Ben Okafor an ordinary member')
    expect(made(ANNA, ANNA, 'member')).toBe('Anna Winter stepped down')
  })

  it('count people whose names are not known', () => {
    const added = (...people: string[]) => told({ kind: 'added', people: people.map(id) }, ANNA, [])
    expect(added('ben')).toBe('Anna Winter added somebody')
    expect(added('ben', 'cleo')).toBe('Anna Winter added 2 people')
    expect(added('ben', 'mira', 'cleo')).toBe('Anna Winter added you and 2 people')
    expect(added('mira')).toBe('Anna Winter added you')
  })
})

describe('names', () => {
  it('are joined, and counted when there are many', () => {
    expect(joinNames(['Anna'])).toBe('Anna')
    expect(joinNames(['Anna', 'Ben'])).toBe('Anna and Ben')
    expect(joinNames(['Anna', 'Ben', 'Cleo', 'Dan'])).toBe('Anna, Ben, Cleo and Dan')
    expect(joinNames(['Anna', 'Ben', 'Cleo', 'Dan', 'Eve'])).toBe('Anna, Ben, Cleo and 2 others')
  })

  it('are short where there is little room', () => {
    expect(shortName(ANNA)).toBe('Anna')
    expect(shortName({ displayName: ' ', handle: 'x.y' })).toBe('@x.y')
  })

  it('say who is typing', () => {
    expect(typingWords([], shortName)).toBeNull()
    expect(typingWords([ANNA], shortName)).toBe('Anna is typing…')
    expect(typingWords([ANNA, BEN], shortName)).toBe('Anna and Ben are typing…')
    expect(typingWords([ANNA, BEN, CLEO], shortName)).toBe('3 people are typing…')
  })
})

const member = (account: AccountSummary, role: Role): GroupMember => ({
  account,
  role,
  self: account === MIRA,
  basis: 'first-use',
})

describe('members', () => {
  it('stand by name while they fit on a line', () => {
    const few = [member(ANNA, 'owner'), member(MIRA, 'member')]
    expect(membersLine(2, few)).toBe('Anna and you')
    expect(membersLine(1, [member(MIRA, 'owner')])).toBe('Only you')
    expect(membersLine(400, null)).toBe('400 members')
    const many = Array.from({ length: 9 }, (_, index) => member(person(`p${index}`, 'P'), 'member'))
    expect(membersLine(9, many)).toBe('9 members')
  })

  it('are found by name and by handle', () => {
    const all = [member(ANNA, 'owner'), member(BEN, 'member')]
    expect(matchingMembers(all, ' WINT ').map(one => one.account.handle)).toEqual(['anna'])
    expect(matchingMembers(all, '@be').map(one => one.account.handle)).toEqual(['ben'])
    expect(matchingMembers(all, '')).toBe(all)
  })

  it('say who runs the group when its last owner leaves', () => {
    const me = member(MIRA, 'owner')
    expect(heirs([me, member(ANNA, 'owner')])).toBeNull()
    expect(heirs([member(MIRA, 'admin'), member(ANNA, 'member')])).toBeNull()
    expect(heirs([me, member(ANNA, 'admin'), member(BEN, 'member')])).toBe(
      'You are the only owner: Anna Winter will run the group.',
    )
    expect(heirs([me, member(BEN, 'member')])).toContain('all who stay')
    expect(heirs([me])).toContain('the group ends')
  })

  it('may be changed by whom the rules let', () => {
    expect(roleChanges('admin', 'member')).toEqual([])
    expect(roleChanges('owner', 'member').map(({ role }) => role)).toEqual(['admin', 'owner'])
    expect(canRemove('owner', { role: 'owner', self: false })).toBe(true)
    expect(canRemove('admin', { role: 'admin', self: false })).toBe(false)
    expect(canRemove('owner', { role: 'owner', self: true })).toBe(false)
  })
})

const direct = (peer: AccountSummary, over: object = {}) =>
  ({
    id: `direct-${peer.accountId}`,
    kind: 'direct',
    standing: 'accepted',
    peer: { ...peer, gone: false, blocked: false },
    last: {},
    draft: '',
    ...over,
  }) as unknown as ChatSummary
const group = (name: string) =>
  ({ id: `group-${name}`, kind: 'group', standing: 'accepted', group: { name } }) as unknown as ChatSummary

describe('people to choose from', () => {
  it('are those one writes with', () => {
    const chats = [
      direct(ANNA),
      direct(BEN, { standing: 'request' }),
      direct(CLEO, { standing: 'blocked' }),
      group('Garden'),
    ]
    expect(knownPeople(chats)).toEqual([ANNA])
  })

  it('stand in the order in which they fit', () => {
    const people = [person('hanna', 'Hanna'), ANNA, person('zoe', 'Zoë Hannason')]
    expect(matchingPeople(people, 'anna').map(one => one.handle)).toEqual(['anna', 'hanna', 'zoe'])
    expect(matchingPeople(people, '')).toBe(people)
  })

  it('are not oneself nor who is in already', () => {
    expect(refusal(MIRA, MIRA, new Set())).toContain('That is you')
    expect(refusal(ANNA, MIRA, new Set([ANNA.accountId]))).toContain('in the group already')
    expect(refusal(BEN, MIRA, new Set())).toBeNull()
  })

  it('and groups are found by one search', () => {
    const chats = [direct(ANNA), group('Annual dinner'), group('Garden')]
    expect(matchingChats(chats, 'ann').map(chat => chat.id)).toEqual(['direct-anna', 'group-Annual dinner'])
  })
})

describe('a safety number', () => {
  it('is read in groups of five', () => {
    expect(digitGroups('1234567890').map(({ digits }) => digits)).toEqual(['12345', '67890'])
    expect(spokenNumber('12345 67890')).toBe('12345 67890')
  })

  it('says since when it holds', () => {
    expect(changedWords('Ben', 'Today')).toContain('since today')
    expect(changedWords('Ben', '3 March')).toContain('since 3 March')
    expect(changedWords('Ben', 'Monday')).toContain('since Monday')
  })
})

describe('a picture', () => {
  it('is cut to the square in its middle', () => {
    expect(centredSquare(400, 300)).toEqual({ x: 50, y: 0, side: 300 })
    expect(centredSquare(3, 10)).toEqual({ x: 0, y: 3, side: 3 })
  })
})
