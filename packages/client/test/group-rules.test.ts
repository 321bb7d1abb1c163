import { type AccountId, type InviteId, type ManagedGroup, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { noticeOfCommit } from '../src/groups/notices.ts'
import { withRole } from '../src/groups/wish.ts'

const account = (fill: number) => readId<AccountId>(new Uint8Array(16).fill(fill))
const [ann, bob, cleo] = [account(1), account(2), account(3)]
const invite = readId<InviteId>(new Uint8Array(16).fill(9))

const data = (owners: AccountId[], admins: AccountId[] = [], invites: InviteId[] = []): ManagedGroup => ({
  kind: 'group',
  owners: new Set(owners),
  admins: new Set(admins),
  invites: new Set(invites),
})

test('P72 a role moves from set to set, and a group keeps an owner', () => {
  const start = data([ann], [bob])
  expect(withRole(start, ann, bob, 'owner')).toEqual(data([ann, bob]))
  expect(withRole(start, ann, bob, 'member')).toEqual(data([ann]))
  expect(withRole(start, ann, cleo, 'admin')).toEqual(data([ann], [bob, cleo]))
  expect(() => withRole(start, ann, ann, 'admin')).toThrow('A group needs an owner')
  expect(withRole(data([ann, bob]), ann, ann, 'admin')).toEqual(data([bob], [ann]))
})

test('P72 who stands in for owners that are gone becomes one by giving a role', () => {
  expect(withRole(data([], [bob]), bob, cleo, 'admin')).toEqual(data([bob], [cleo]))
  expect(withRole(data([]), cleo, bob, 'member')).toEqual(data([cleo]))
})

const view = (members: AccountId[], roles = data([ann])) => ({ members: new Set(members), data: roles })
const plain = { external: false, leaving: new Set<AccountId>() }

test('P73 a commit is told by what it did, and one of keys alone is not told', () => {
  expect(noticeOfCommit(view([ann]), view([ann, bob]), plain)).toEqual({ kind: 'added', people: [bob] })
  expect(noticeOfCommit(view([ann]), view([ann, bob]), { ...plain, external: true })).toEqual({
    kind: 'joined-by-link',
  })
  expect(noticeOfCommit(view([ann, bob]), view([ann]), plain)).toEqual({ kind: 'removed', people: [bob] })
  expect(noticeOfCommit(view([ann, bob]), view([ann]), { ...plain, leaving: new Set([bob]) })).toBeNull()
  expect(noticeOfCommit(view([ann, bob]), view([ann, bob], data([ann], [bob])), plain)).toEqual({
    kind: 'role-changed',
    person: bob,
    role: 'admin',
  })
  expect(noticeOfCommit(view([ann]), view([ann], data([ann], [], [invite])), plain)).toEqual({
    kind: 'links-changed',
    open: 1,
  })
  expect(noticeOfCommit(view([ann, bob]), view([ann, bob]), plain)).toBeNull()
  // Of who loses the last leaf the role ends without a word.
  const pruned = noticeOfCommit(view([ann, bob], data([ann], [bob])), view([ann]), plain)
  expect(pruned).toEqual({ kind: 'removed', people: [bob] })
})
