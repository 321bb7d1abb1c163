import { randomBytes } from '@entangle/crypto'
import {
  type AccountId,
  type ConversationId,
  type GroupState,
  type InviteId,
  LIMITS,
  readId,
  toBase64Url,
} from '@entangle/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createInviteLink, type InviteLink, parseInviteLink } from '../src/groups/invite-link.ts'
import { inviteSnapshotKey, openSnapshot, type SnapshotPlace, sealSnapshot } from '../src/groups/snapshot.ts'
import {
  applyToState,
  closeInvites,
  type HeldState,
  isStateRequest,
  isUntold,
  mergeStates,
  NO_PLACES,
  newGroupState,
  placesAt,
  presentOf,
  STATE_REQUEST,
  type StateContent,
  stateDifference,
  stateForInvite,
  wholeState,
} from '../src/groups/state.ts'

const conversationId: ConversationId = readId(randomBytes(16))
const inviteId = (): InviteId => readId(randomBytes(16))
const invite = () => ({ inviteId: inviteId(), secret: randomBytes(32) })

const held = (state: GroupState, at = 0): HeldState => ({ state, at: placesAt(at) })

const full = (): GroupState => ({
  v: 1,
  name: '語'.repeat(LIMITS.groupNameLength),
  topic: '語'.repeat(LIMITS.groupTopicLength),
  picture: randomBytes(LIMITS.groupPictureBytes),
  invites: Array.from({ length: LIMITS.groupInvites }, invite),
})

describe('invite links', () => {
  const link: InviteLink = {
    inviteId: inviteId(),
    secret: randomBytes(32),
    inviter: readId<AccountId>(randomBytes(16)),
    accountKeyHash: randomBytes(32),
  }
  const address = createInviteLink('https://chat.example', link)

  test('P53 come back from the address and from its part behind the #', () => {
    expect(address.startsWith('https://chat.example/join#')).toBe(true)
    const fragment = address.slice(address.indexOf('#'))
    for (const text of [address, fragment, fragment.slice(1), ` ${address}\n`]) {
      expect(parseInviteLink(text)).toEqual(link)
    }
  })

  test('P53 anything else is no link', () => {
    for (const text of ['', '#', 'https://chat.example/join', `${address}A`, address.slice(0, -1)]) {
      expect(parseInviteLink(text)).toBeUndefined()
    }
    expect(parseInviteLink(`#${toBase64Url(Uint8Array.of(2, ...randomBytes(96)))}`)).toBeUndefined()
    expect(parseInviteLink(`${address}#again`)).toBeUndefined()
    fc.assert(fc.property(fc.string(), text => parseInviteLink(text) === undefined))
  })
})

describe('snapshots', () => {
  const key = randomBytes(32)
  const place: SnapshotPlace = { for: 'joiner', conversationId, epoch: 7 }

  test('P54 the largest state comes back and is no larger than the server takes', () => {
    const held: HeldState = { state: full(), at: { name: 1_000_000_000, topic: 0, picture: -1 } }
    const sealed = sealSnapshot(key, place, held)
    expect(sealed.length).toBeLessThanOrEqual(LIMITS.snapshotBytes)
    expect(openSnapshot(key, place, sealed)).toEqual(held)
  })

  test('P54 opens under its own key and in its own place only', () => {
    const sealed = sealSnapshot(key, place, held(newGroupState('Choir')))
    const id = inviteId()
    const others: SnapshotPlace[] = [
      { ...place, epoch: 8 },
      { ...place, conversationId: readId(randomBytes(16)) },
      { for: 'invite', conversationId, inviteId: id },
    ]
    for (const other of others) expect(openSnapshot(key, other, sealed)).toBeUndefined()
    expect(openSnapshot(randomBytes(32), place, sealed)).toBeUndefined()
    expect(openSnapshot(key, place, randomBytes(200))).toBeUndefined()

    const secret = randomBytes(32)
    const invited: SnapshotPlace = { for: 'invite', conversationId, inviteId: id }
    const forLink = sealSnapshot(inviteSnapshotKey(id, secret), invited, held(newGroupState('Choir')))
    expect(openSnapshot(inviteSnapshotKey(id, secret), invited, forLink)?.state.name).toBe('Choir')
    expect(openSnapshot(inviteSnapshotKey(inviteId(), secret), invited, forLink)).toBeUndefined()
    const elsewhere: SnapshotPlace = { ...invited, inviteId: inviteId() }
    expect(openSnapshot(inviteSnapshotKey(id, secret), elsewhere, forLink)).toBeUndefined()
  })

  test('P83 hides the length of names', () => {
    const lengths = ['a', 'ab', 'a longer name'].map(
      name => sealSnapshot(key, place, held(newGroupState(name))).length,
    )
    expect(new Set(lengths).size).toBe(1)
  })
})

describe('state events', () => {
  const nobody: ReadonlySet<InviteId> = new Set()
  const owner = { role: 'owner', open: nobody, seq: 5 } as const
  const start = held(newGroupState('Choir'))
  const rename: StateContent = { kind: 'group-change', name: 'Quartet' }

  test('P77 of managers are applied, of others not', () => {
    expect(applyToState(start, rename, owner)?.state.name).toBe('Quartet')
    expect(applyToState(start, rename, { ...owner, role: 'admin' })?.state.name).toBe('Quartet')
    expect(applyToState(start, rename, { ...owner, role: 'member' })).toBeUndefined()
    const link: StateContent = { kind: 'invite', ...invite() }
    expect(applyToState(start, link, { ...owner, role: 'member' })).toBeUndefined()
  })

  test('P77 each says in a notice what is new, and nothing when nothing is', () => {
    const noticeOf = (content: StateContent) => applyToState(start, content, owner)?.notice
    expect(noticeOf(rename)).toEqual({ kind: 'renamed', name: 'Quartet' })
    expect(noticeOf({ kind: 'group-change', topic: 'Tuesdays' })).toEqual({
      kind: 'topic-changed',
      topic: 'Tuesdays',
    })
    const picture = randomBytes(20)
    expect(noticeOf({ kind: 'group-change', picture })).toEqual({ kind: 'picture-changed', removed: false })
    const shown = held({ ...start.state, picture })
    const again: StateContent = { kind: 'group-change', picture: picture.slice() }
    expect(applyToState(shown, again, owner)).toMatchObject({ state: shown.state, notice: null })
    expect(applyToState(shown, { kind: 'group-change', picture: null }, owner)?.notice).toEqual({
      kind: 'picture-changed',
      removed: true,
    })
    expect(noticeOf({ kind: 'group-change', name: 'Choir', topic: '', picture: null })).toBeNull()
    expect(noticeOf({ kind: 'invite', ...invite() })).toBeNull()
  })

  test('P77 what an event does not name stays', () => {
    const before = held(full())
    const after = applyToState(before, { kind: 'group-change', topic: 'new' }, owner)
    expect(after?.state).toEqual({ ...before.state, topic: 'new' })
    expect(after?.at).toEqual({ ...before.at, topic: 5 })
  })

  test('P53 the first secret of a link stays, and a link that never opened gives way to one more', () => {
    const before = full()
    const [first] = before.invites
    if (first === undefined) throw new Error('no invites')
    const other: StateContent = { kind: 'invite', inviteId: first.inviteId, secret: randomBytes(32) }
    expect(applyToState(held(before), other, owner)).toBeUndefined()
    const open = new Set(before.invites.map(each => each.inviteId))
    const more = invite()
    expect(applyToState(held(before), { kind: 'invite', ...more }, { ...owner, open })).toBeUndefined()
    open.delete(first.inviteId)
    const step = applyToState(held(before), { kind: 'invite', ...more }, { ...owner, open })
    expect(step?.secret).toEqual(more)
    expect(step?.state.invites).toEqual([...before.invites.slice(1), more])
  })

  test('P53 a closed link loses its secret', () => {
    const before = full()
    const [gone, ...rest] = before.invites
    if (gone === undefined) throw new Error('no invites')
    const ids = before.invites.map(each => each.inviteId)
    const outcome = closeInvites(before, { invites: new Set(ids) }, { invites: new Set(ids.slice(1)) })
    expect(outcome.closed).toEqual([gone.inviteId])
    expect(outcome.state.invites).toEqual(rest)
  })

  test('P53 who holds one link reads no other secret', () => {
    const state = full()
    const [one] = state.invites
    if (one === undefined) throw new Error('no invites')
    expect(stateForInvite(held(state), one.inviteId)).toEqual(held({ ...state, invites: [one] }))
  })

  test('P77 the difference of two states, sent as events, brings the one to the other', () => {
    const one = full()
    for (const other of [full(), { ...one, picture: null }, { ...one, name: 'x' }, one]) {
      const known = { ...one, invites: one.invites.slice(0, 3) }
      const target = { ...other, invites: [...known.invites, invite()] }
      const reached = stateDifference(known, held(target, 3)).reduce(
        (state, content) => applyToState(state, content, owner) ?? state,
        held(known),
      )
      expect(reached.state).toEqual(target)
    }
    expect(stateDifference(one, held(one, 3))).toEqual([])
  })

  test('P77 what is told again brings who came in meanwhile to it, and nobody back', () => {
    const present: HeldState = { ...held(newGroupState('Octet')), at: { name: 8, topic: 0, picture: 0 } }
    const [again] = presentOf(present, rename)
    if (again === undefined) throw new Error('nothing to tell')
    expect(again).toEqual({ kind: 'group-change', since: 8, name: 'Octet' })
    const tell = (state: HeldState) => applyToState(state, again, { ...owner, seq: 12 })
    const late = tell(held(newGroupState('Choir'), 3))
    expect(late?.state.name).toBe('Octet')
    expect(late?.at.name).toBe(8)
    expect(late?.notice).toEqual({ kind: 'renamed', name: 'Octet' })
    expect(tell(present)).toBeUndefined()
    expect(tell(held(newGroupState('Nonet'), 10))).toBeUndefined()
    // Nobody makes a change that no later one could replace.
    const ahead: StateContent = { kind: 'group-change', since: 1e9, name: 'For ever' }
    expect(applyToState(start, ahead, owner)?.at.name).toBe(owner.seq)
    const link = invite()
    const linked = held({ ...present.state, invites: [link] })
    expect(presentOf(linked, { kind: 'invite', ...link })).toHaveLength(1)
    expect(presentOf(linked, { kind: 'invite', ...invite() })).toEqual([])
  })

  test('P77 who was told nothing asks, and the whole state brings them to what the others have, without a notice', () => {
    const unknown: HeldState = { state: newGroupState('…'), at: NO_PLACES }
    expect(isUntold(unknown)).toBe(true)
    expect(isStateRequest(STATE_REQUEST)).toBe(true)
    expect(applyToState(unknown, STATE_REQUEST, owner)).toBeUndefined()
    const present: HeldState = { state: newGroupState('Choir'), at: { name: 0, topic: 4, picture: 2 } }
    const told = wholeState(present).map((content, index) => {
      expect(isStateRequest(content)).toBe(false)
      return { content, seq: 50 + index }
    })
    let asker = unknown
    for (const { content, seq } of told) {
      const step = applyToState(asker, content, { ...owner, seq })
      expect(step?.notice).toBeNull()
      if (step !== undefined) asker = { state: step.state, at: step.at }
      expect(applyToState(present, content, { ...owner, seq })).toBeUndefined()
    }
    expect(asker).toEqual(present)
    expect(isUntold(asker)).toBe(false)
  })

  test('P77 devices of an account that know different parts come to the same, in any order', () => {
    const change = fc.record({
      seq: fc.integer({ min: 1, max: 20 }),
      part: fc.constantFrom('name' as const, 'topic' as const),
      value: fc.string({ minLength: 1, maxLength: 4 }),
      here: fc.boolean(),
      there: fc.boolean(),
    })
    const renaming = (seq: number, value: string) => ({
      seq,
      part: 'name' as const,
      value,
      here: true,
      there: seq === 2,
    })
    const changes = fc.uniqueArray(change, { maxLength: 12, selector: ({ seq }) => seq })
    fc.assert(
      fc.property(changes, log => {
        const follow = (from: HeldState, seen: typeof log) =>
          [...seen]
            .sort((one, other) => one.seq - other.seq)
            .reduce<HeldState>((state, { seq, part, value }) => {
              const step = applyToState(state, { kind: 'group-change', [part]: value }, { ...owner, seq })
              return step ?? state
            }, from)
        const known = log.filter(({ here, there }) => here || there)
        const one = follow(
          start,
          known.filter(({ here }) => here),
        )
        const other = follow(
          { state: newGroupState('?'), at: NO_PLACES },
          known.filter(({ here, there }) => there || !here),
        )
        const all = () => true
        const merged = mergeStates(one, other, all)
        expect(mergeStates(other, one, all).state).toEqual(merged.state)
        expect(mergeStates(merged, other, all)).toBe(merged)
        const latest = (part: 'name' | 'topic', first: string) =>
          known
            .filter(each => each.part === part)
            .sort((a, b) => a.seq - b.seq)
            .at(-1)?.value ?? first
        expect(merged.state.topic).toBe(latest('topic', ''))
        expect(merged.state.name).toBe(latest('name', 'Choir'))
      }),
      // The name of before is given again, and one device has not seen what was between.
      {
        examples: [[[renaming(1, 'Choir'), { ...renaming(2, 'Octet'), here: false }, renaming(3, 'Choir')]]],
      },
    )
  })

  test('P77 what another device told of before its place in the log came is told in its place, and changes nothing', () => {
    const ahead: HeldState = { state: newGroupState('Octet'), at: placesAt(9) }
    const step = applyToState(ahead, rename, { ...owner, seq: 5 })
    expect(step?.state).toEqual(ahead.state)
    expect(step?.notice).toEqual({ kind: 'renamed', name: 'Quartet' })
  })
})
