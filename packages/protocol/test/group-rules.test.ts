import { describe, expect, it } from 'vitest'
import {
  type AccountId,
  type CommitFacts,
  type DeviceId,
  findCommitBreach,
  type GroupData,
  type InviteId,
  isManager,
  LIMITS,
  type ManagedGroup,
  mayRemove,
  prunedData,
  type Role,
  roleOf,
} from '../src/index.ts'

const account = (name: string) => name as AccountId
const accounts = (names: string) => new Set(names.split('').map(account))
const device = (name: string) => ({ accountId: account(name.slice(0, 1)), deviceId: name as DeviceId })
const devices = (...names: string[]) => names.map(device)
const invites = (...names: string[]) => new Set(names as InviteId[])

/** `o` owns the group, `a` and `b` are admins, `m` and `n` members. */
const GROUP: ManagedGroup = {
  kind: 'group',
  owners: accounts('o'),
  admins: accounts('ab'),
  invites: invites('link'),
}
const DIRECT: GroupData = { kind: 'direct' }
const EVERYBODY = accounts('oabmn')

type Case = Partial<Omit<CommitFacts, 'committer'>> & { readonly committer: string }

function judge({ committer, ...facts }: Case): ReturnType<typeof findCommitBreach> {
  const membersBefore = facts.membersBefore ?? EVERYBODY
  return findCommitBreach({
    before: GROUP,
    after: undefined,
    membersBefore,
    membersAfter: membersBefore,
    committer: device(committer),
    external: false,
    usedInvites: [],
    added: [],
    removed: [],
    leaving: new Set(),
    isListed: () => true,
    ...facts,
  })
}

const without = (names: string) => accounts([...EVERYBODY].filter(name => !names.includes(name)).join(''))

const crowdOf = (size: number) =>
  new Set([...EVERYBODY, ...Array.from({ length: size - EVERYBODY.size }, (_, at) => account(`${at}`))])

describe('P51 roles', () => {
  it.each<[string, Partial<ManagedGroup>, string, string, Role]>([
    ['an owner', {}, 'oabmn', 'o', 'owner'],
    ['an admin', {}, 'oabmn', 'a', 'admin'],
    ['a member', {}, 'oabmn', 'm', 'member'],
    ['nobody who is not in', {}, 'abmn', 'o', 'member'],
    ['an admin stands in for owners that are gone', {}, 'abmn', 'a', 'owner'],
    ['a member does not while there are admins', {}, 'abmn', 'm', 'member'],
    ['everybody stands in when admins are gone too', {}, 'mn', 'm', 'owner'],
    ['everybody where the data name nobody', { owners: new Set(), admins: new Set() }, 'mn', 'n', 'owner'],
  ])('%s', (_, fields, present, who, role) => {
    expect(roleOf({ ...GROUP, ...fields }, accounts(present), account(who))).toBe(role)
  })

  it.each<[Role, Role, boolean]>([
    ['owner', 'owner', true],
    ['owner', 'admin', true],
    ['owner', 'member', true],
    ['admin', 'owner', false],
    ['admin', 'admin', false],
    ['admin', 'member', true],
    ['member', 'member', false],
    ['member', 'admin', false],
  ])('whether an %s may put out an %s', (remover, target, may) => {
    expect(mayRemove(remover, target)).toBe(may)
  })

  it('managers are owners and admins', () => {
    expect((['owner', 'admin', 'member'] as const).filter(isManager)).toEqual(['owner', 'admin'])
  })

  it('pruned data name only who is in', () => {
    expect(prunedData(GROUP, accounts('bm'))).toEqual({ ...GROUP, owners: new Set(), admins: accounts('b') })
  })
})

describe('P51 commits that pass', () => {
  it.each<[string, Case]>([
    ['a member renews its key', { committer: 'm1' }],
    ['a member brings a device of its own', { committer: 'm1', added: devices('m2') }],
    ['a member puts out a device of its own', { committer: 'm1', removed: devices('m2') }],
    ['an admin adds', { committer: 'a1', added: devices('x1', 'x2'), membersAfter: accounts('oabmnx') }],
    ['an owner adds', { committer: 'o1', added: devices('x1'), membersAfter: accounts('oabmnx') }],
    ['an admin puts out a member', { committer: 'a1', removed: devices('m1'), membersAfter: without('m') }],
    [
      'an owner puts out an admin with the role',
      {
        committer: 'o1',
        removed: devices('a1'),
        membersAfter: without('a'),
        after: { ...GROUP, admins: accounts('b') },
      },
    ],
    [
      'a member puts out a device that its account does not list any more',
      { committer: 'm1', removed: devices('o2'), isListed: member => member.deviceId !== 'o2' },
    ],
    [
      'a member takes out who leaves, with the role',
      {
        committer: 'm1',
        removed: devices('a1', 'a2'),
        membersAfter: without('a'),
        leaving: accounts('a'),
        after: { ...GROUP, admins: accounts('b') },
      },
    ],
    [
      'a member takes out the last owner, who leaves',
      {
        committer: 'm1',
        removed: devices('o1'),
        membersAfter: without('o'),
        leaving: accounts('o'),
        after: { ...GROUP, owners: new Set() },
      },
    ],
    [
      'an admin stands in for the owner that is gone and names owners',
      {
        committer: 'a1',
        before: { ...GROUP, owners: new Set() },
        membersBefore: without('o'),
        after: { ...GROUP, owners: accounts('a'), admins: accounts('b') },
      },
    ],
    ['an owner makes owners', { committer: 'o1', after: { ...GROUP, owners: accounts('om') } }],
    ['an owner steps back for another', { committer: 'o1', after: { ...GROUP, owners: accounts('m') } }],
    ['an admin opens a link', { committer: 'a1', after: { ...GROUP, invites: invites('link', 'new') } }],
    ['an admin revokes a link', { committer: 'a1', after: { ...GROUP, invites: invites() } }],
    ['data that say the same', { committer: 'm1', after: { ...GROUP } }],
    [
      'the last of 1,000 accounts',
      {
        committer: 'o1',
        added: devices('x1'),
        membersAfter: crowdOf(LIMITS.groupMembers),
      },
    ],
    ['a member at home enters anew', { committer: 'm2', external: true }],
    ['and takes its former leaf along', { committer: 'm1', external: true, removed: devices('m1') }],
    [
      'somebody comes in by an open link',
      {
        committer: 'x1',
        external: true,
        usedInvites: ['link' as InviteId],
        membersAfter: accounts('oabmnx'),
      },
    ],
    [
      'of two: a device is added',
      { committer: 'o1', before: DIRECT, membersBefore: accounts('om'), added: devices('m2') },
    ],
    [
      'of two: one that is not listed is put out',
      {
        committer: 'o1',
        before: DIRECT,
        membersBefore: accounts('om'),
        removed: devices('m2'),
        isListed: () => false,
      },
    ],
    [
      'of two: one enters anew',
      { committer: 'm2', before: DIRECT, membersBefore: accounts('om'), external: true },
    ],
  ])('%s', (_, facts) => {
    expect(judge(facts)).toBeUndefined()
  })
})

describe('P51 P52 P53 commits that are refused', () => {
  it.each<[string, ReturnType<typeof findCommitBreach>, Case]>([
    ['a group does not become one of two', 'KIND_CHANGED', { committer: 'o1', after: DIRECT }],
    ['nor the other way round', 'KIND_CHANGED', { committer: 'o1', before: DIRECT, after: GROUP }],
    ['the data of two never change', 'KIND_CHANGED', { committer: 'o1', before: DIRECT, after: DIRECT }],
    [
      'a conversation of two knows no link',
      'KIND_CHANGED',
      { committer: 'o1', before: DIRECT, usedInvites: ['link' as InviteId] },
    ],
    [
      'of two: nobody else is brought',
      'BRINGS_OTHERS',
      { committer: 'o1', before: DIRECT, membersBefore: accounts('om'), added: devices('x1') },
    ],
    [
      "of two: the other's devices stay",
      'ROLE_REQUIRED',
      { committer: 'o1', before: DIRECT, membersBefore: accounts('om'), removed: devices('m2') },
    ],
    [
      'of two: no stranger enters',
      'NOT_INVITED',
      {
        committer: 'x1',
        before: DIRECT,
        membersBefore: accounts('om'),
        external: true,
        usedInvites: ['link' as InviteId],
      },
    ],
    [
      'a member adds somebody',
      'ROLE_REQUIRED',
      { committer: 'm1', added: devices('x1'), membersAfter: accounts('oabmnx') },
    ],
    ['a member brings a device of another', 'ROLE_REQUIRED', { committer: 'm1', added: devices('n2') }],
    ['a member puts out a member', 'ROLE_REQUIRED', { committer: 'm1', removed: devices('n1') }],
    ['an admin puts out an admin', 'ROLE_REQUIRED', { committer: 'a1', removed: devices('b1') }],
    ['an admin puts out a device of the owner', 'ROLE_REQUIRED', { committer: 'a1', removed: devices('o2') }],
    [
      'one that may go does not excuse one that may not',
      'ROLE_REQUIRED',
      { committer: 'a1', removed: devices('m1', 'o1') },
    ],
    [
      'a role that outlives its holder',
      'ROLE_REQUIRED',
      { committer: 'o1', removed: devices('a1'), membersAfter: without('a') },
    ],
    [
      'an owner who leaves and keeps the role',
      'ROLE_REQUIRED',
      { committer: 'm1', removed: devices('o1'), membersAfter: without('o'), leaving: accounts('o') },
    ],
    [
      'a member uses the moment of leaving to change more',
      'ROLE_REQUIRED',
      {
        committer: 'm1',
        removed: devices('o1'),
        membersAfter: without('o'),
        leaving: accounts('o'),
        after: { ...GROUP, owners: accounts('m') },
      },
    ],
    [
      'a member makes itself owner',
      'ROLE_REQUIRED',
      { committer: 'm1', after: { ...GROUP, owners: accounts('om') } },
    ],
    [
      'an admin makes itself owner',
      'ROLE_REQUIRED',
      { committer: 'a1', after: { ...GROUP, owners: accounts('oa'), admins: accounts('b') } },
    ],
    [
      'an admin takes a role',
      'ROLE_REQUIRED',
      { committer: 'a1', after: { ...GROUP, admins: accounts('a') } },
    ],
    [
      'no owner is left by will',
      'ROLE_REQUIRED',
      { committer: 'o1', after: { ...GROUP, owners: new Set() } },
    ],
    [
      'a role for who is not in',
      'ROLE_REQUIRED',
      { committer: 'o1', after: { ...GROUP, admins: accounts('abx') } },
    ],
    [
      'a member opens a link',
      'ROLE_REQUIRED',
      { committer: 'm1', after: { ...GROUP, invites: invites('link', 'new') } },
    ],
    [
      'a member revokes a link',
      'ROLE_REQUIRED',
      { committer: 'm1', after: { ...GROUP, invites: invites() } },
    ],
    ['a member stays beside who leaves', 'LEAVER_KEPT', { committer: 'm1', leaving: accounts('n') }],
    [
      'one of two who leave is taken out',
      'LEAVER_KEPT',
      { committer: 'o1', removed: devices('n1'), membersAfter: without('n'), leaving: accounts('mn') },
    ],
    [
      'the 1,001st account is added',
      'GROUP_FULL',
      { committer: 'o1', added: devices('x1'), membersAfter: crowdOf(LIMITS.groupMembers + 1) },
    ],
    [
      'the 1,001st account comes by link',
      'GROUP_FULL',
      {
        committer: 'x1',
        external: true,
        usedInvites: ['link' as InviteId],
        membersAfter: crowdOf(LIMITS.groupMembers + 1),
      },
    ],
    ['a member uses a link', 'NOT_INVITED', { committer: 'm1', usedInvites: ['link' as InviteId] }],
    ['a stranger comes without a link', 'NOT_INVITED', { committer: 'x1', external: true }],
    [
      'a stranger comes by a link that is not open',
      'NOT_INVITED',
      { committer: 'x1', external: true, usedInvites: ['old' as InviteId] },
    ],
    [
      'a stranger comes by two links',
      'NOT_INVITED',
      { committer: 'x1', external: true, usedInvites: ['link' as InviteId, 'link' as InviteId] },
    ],
    [
      'somebody comes by a link when everybody leaves',
      'NOT_INVITED',
      {
        committer: 'x1',
        external: true,
        usedInvites: ['link' as InviteId],
        leaving: EVERYBODY,
      },
    ],
    [
      'who is at home comes by a link',
      'NOT_INVITED',
      { committer: 'm2', external: true, usedInvites: ['link' as InviteId] },
    ],
    ['who leaves comes back', 'NOT_INVITED', { committer: 'm2', external: true, leaving: accounts('m') }],
    [
      'who leaves comes back by a link, before being out',
      'NOT_INVITED',
      { committer: 'm2', external: true, leaving: accounts('m'), usedInvites: ['link' as InviteId] },
    ],
    [
      'from outside somebody is brought',
      'BRINGS_OTHERS',
      { committer: 'm2', external: true, added: devices('m3') },
    ],
    [
      'from outside somebody is put out',
      'BRINGS_OTHERS',
      { committer: 'm2', external: true, removed: devices('m1') },
    ],
    ['from outside the data change', 'BRINGS_OTHERS', { committer: 'm2', external: true, after: GROUP }],
  ])('%s: %s', (_, breach, facts) => {
    expect(judge(facts)).toBe(breach)
  })
})
