import { describe, expect, it } from 'vitest'
import { randomBytes } from '../src/index.ts'
import { addAll, crypto, Device, fromText, NOTHING, ROLES, text } from './support/people.ts'

function pair(): { groupId: Uint8Array; alice: Device; bob: Device } {
  const groupId = randomBytes(16)
  const [alice, bob] = [new Device('alice'), new Device('bob')]
  alice.create(groupId)
  addAll(groupId, alice, [bob])
  return { groupId, alice, bob }
}

describe('two devices', () => {
  it('exchange messages both ways, with authenticated data and an authenticated sender', () => {
    const { groupId, alice, bob } = pair()
    const sent = alice.send(groupId, 'hello', text('meta'))
    const got = bob.receive(groupId, sent)
    expect(got).toMatchObject({ kind: 'application', epoch: 1n })
    if (got.kind !== 'application') return
    expect(fromText(got.plaintext)).toBe('hello')
    expect(fromText(got.authenticatedData)).toBe('meta')
    expect(got.sender.leafIndex).toBe(0)
    expect(got.sender.signatureKey).toEqual(alice.signatureKey)
    expect(got.sender.credential).toEqual(alice.credential)
    expect(alice.read(groupId, bob.send(groupId, 'hi'))).toBe('hi')
    expect(alice.authenticator(groupId)).toBe(bob.authenticator(groupId))
    expect(bob.state.groupStatus(groupId)?.groupData).toEqual(ROLES)
  })

  it('open messages out of order and refuse every one a second time', () => {
    const { groupId, alice, bob } = pair()
    const sent = Array.from({ length: 20 }, (_, at) => alice.send(groupId, `m${at}`))
    for (const at of [3, 0, 19, 1, 10, 2]) {
      const message = sent[at] ?? NOTHING
      expect(bob.read(groupId, message)).toBe(`m${at}`)
      expect(bob.read(groupId, message)).toBe('CRYPTO_REPLAY')
    }
  })

  it('keep working when reopened from stored entries after every step', () => {
    const { groupId, alice, bob } = pair()
    alice.reloads = true
    bob.reloads = true
    for (let round = 0; round < 5; round++) {
      expect(bob.read(groupId, alice.send(groupId, `a${round}`))).toBe(`a${round}`)
      expect(alice.read(groupId, bob.send(groupId, `b${round}`))).toBe(`b${round}`)
      const update = alice.state.commit(groupId, {})
      alice.save()
      bob.follow(groupId, update.commit)
      alice.state.mergePendingCommit(groupId)
      alice.save()
      expect(alice.authenticator(groupId)).toBe(bob.authenticator(groupId))
    }
  })
})

describe('the overlay', () => {
  it('discard() after encrypting gives back the state as it was, entry for entry', () => {
    const { groupId, alice } = pair()
    alice.state.encrypt(groupId, text('never sent'), NOTHING)
    expect(alice.state.takeChanges().length).toBeGreaterThan(0)
    alice.state.discard()
    expect(alice.state.takeChanges()).toEqual([])
    expect(alice.state.groupStatus(groupId)?.epoch).toBe(1n)
  })

  it('discard() after opening lets the same message be opened again', () => {
    const { groupId, alice, bob } = pair()
    const sent = alice.send(groupId, 'again')
    expect(bob.state.processMessage(groupId, sent).kind).toBe('application')
    bob.state.discard()
    expect(bob.read(groupId, sent)).toBe('again')
  })

  it('a refused message leaves no change and burns no key', () => {
    const { groupId, alice, bob } = pair()
    const sent = alice.send(groupId, 'real')
    const forged = sent.slice()
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    expect(bob.state.processMessage(groupId, forged)).toMatchObject({
      kind: 'failure',
      code: 'CRYPTO_DECRYPT_FAILED',
    })
    expect(bob.state.takeChanges()).toEqual([])
    expect(bob.read(groupId, sent)).toBe('real')
  })

  it('hands out changes of operations between takeChanges() and accept() with the next set', () => {
    const { groupId, alice, bob } = pair()
    const one = alice.state.encrypt(groupId, text('one'), NOTHING)
    const first = alice.state.takeChanges()
    const two = alice.state.encrypt(groupId, text('two'), NOTHING)
    alice.state.accept()
    expect(first.length).toBeGreaterThan(0)
    expect(alice.state.takeChanges().length).toBeGreaterThan(0)
    alice.state.accept()
    expect(bob.read(groupId, one)).toBe('one')
    expect(bob.read(groupId, two)).toBe('two')
  })
})

describe('changes that were handed out', () => {
  it('are undone explicitly when a later operation takes them back before accept()', () => {
    const { groupId, alice } = pair()
    const before = new Map(alice.store.entries)
    alice.state.commit(groupId, {})
    const stored = new Map(alice.store.entries)
    const write = () => {
      for (const { key, value } of alice.state.takeChanges()) {
        if (value === null) stored.delete(key)
        else stored.set(key, value)
      }
    }
    write()
    alice.state.clearPendingCommit(groupId)
    write()
    alice.state.accept()
    expect(stored).toEqual(before)
  })
})

describe('membership', () => {
  it('three devices: add, remove, self-update; a removed one decrypts nothing afterwards', () => {
    const { groupId, alice, bob } = pair()
    const carol = new Device('carol')
    const add = addAll(groupId, bob, [carol], [alice])
    expect(add.newEpoch).toBe(2n)
    expect(carol.read(groupId, alice.send(groupId, 'all'))).toBe('all')
    const members = alice.state.groupMembers(groupId)
    expect(members.map(member => member.leafIndex)).toEqual([0, 1, 2])
    expect(members[2]?.credential).toEqual(carol.credential)

    const removal = alice.state.commit(groupId, { remove: [1] })
    alice.save()
    const seenByCarol = carol.follow(groupId, removal.commit)
    expect(seenByCarol.removed).toMatchObject([{ leafIndex: 1, credential: bob.credential }])
    expect(seenByCarol.updated).toMatchObject([{ after: { leafIndex: 0 } }])
    alice.state.mergePendingCommit(groupId)
    alice.save()
    const late = alice.send(groupId, 'without bob')
    const seenByBob = bob.follow(groupId, removal.commit)
    expect(seenByBob.removesSelf).toBe(true)
    expect(bob.state.groupStatus(groupId)?.active).toBe(false)
    expect(bob.read(groupId, late)).toBe('CRYPTO_GROUP_INACTIVE')
    expect(() => bob.state.encrypt(groupId, text('x'), NOTHING)).toThrow(
      expect.objectContaining({ code: 'CRYPTO_GROUP_INACTIVE' }),
    )
    expect(carol.read(groupId, late)).toBe('without bob')
  })

  it('a removed device that never sees its removal cannot read on', () => {
    const { groupId, alice, bob } = pair()
    const removal = alice.state.commit(groupId, { remove: [1] })
    alice.state.mergePendingCommit(groupId)
    alice.save()
    expect(removal.newEpoch).toBe(2n)
    expect(bob.read(groupId, alice.send(groupId, 'secret'))).toBe('CRYPTO_EPOCH_FUTURE')
  })

  it('an added leaf takes the index the summary foretells, also after a removal in the same commit', () => {
    const { groupId, alice, bob } = pair()
    const [carol, dave] = [new Device('carol'), new Device('dave')]
    const bundle = alice.state.commit(groupId, {
      add: [carol.keyPackage(), dave.keyPackage()],
      remove: [1],
    })
    alice.save()
    const seen = bob.state.processMessage(groupId, bundle.commit)
    expect(seen).toMatchObject({
      kind: 'commit',
      removesSelf: true,
      added: [
        { leafIndex: 1, credential: carol.credential },
        { leafIndex: 2, credential: dave.credential },
      ],
    })
    alice.state.mergePendingCommit(groupId)
    expect(alice.state.groupMembers(groupId).map(member => member.credential)).toEqual([
      alice.credential,
      carol.credential,
      dave.credential,
    ])
  })

  it('P49 a Welcome opens for its joiner alone, and is small', () => {
    const groupId = randomBytes(16)
    const alice = new Device('alice')
    const joiners = [new Device('b'), new Device('c'), new Device('d')]
    alice.create(groupId)
    const bundle = alice.state.commit(groupId, { add: joiners.map(joiner => joiner.keyPackage()) })
    alice.state.mergePendingCommit(groupId)
    alice.save()
    const [b, c] = joiners
    const [forB, forC] = bundle.welcomes
    if (!b || !c || !forB || !forC) throw new Error('missing')
    expect(b.state.welcomeKeyPackageRefs(forB.welcome)).toEqual([forB.keyPackageRef])
    expect(() => b.state.stageWelcome(forC.welcome, bundle.ratchetTree)).toThrow(
      expect.objectContaining({ code: 'CRYPTO_NO_MATCHING_KEY_PACKAGE' }),
    )
    b.join(groupId, bundle, forB.welcome)
    c.join(groupId, bundle, forC.welcome)
    expect(b.authenticator(groupId)).toBe(alice.authenticator(groupId))
    expect(c.read(groupId, b.send(groupId, 'x'))).toBe('x')
    expect(forB.welcome.length).toBeLessThan(6000)
    expect(Buffer.from(forB.welcome).includes(Buffer.from(forC.keyPackageRef))).toBe(false)
  })

  it('changes of the group data reach everybody', () => {
    const { groupId, alice, bob } = pair()
    const bundle = alice.state.commit(groupId, { groupData: text('roles v2') })
    expect(bob.follow(groupId, bundle.commit).groupData).toEqual(text('roles v2'))
    alice.state.mergePendingCommit(groupId)
    expect(alice.state.groupStatus(groupId)?.groupData).toEqual(text('roles v2'))
    expect(bob.state.groupStatus(groupId)?.groupData).toEqual(text('roles v2'))
  })

  it('leaving by SelfRemove: the proposal blocks nobody from sending, another member commits it', () => {
    const { groupId, alice, bob } = pair()
    const carol = new Device('carol')
    addAll(groupId, alice, [carol], [bob])
    const leave = bob.state.proposeSelfRemove(groupId)
    expect(bob.state.takeChanges()).toEqual([])
    expect(alice.receive(groupId, leave)).toMatchObject({ kind: 'self-remove', sender: { leafIndex: 1 } })
    expect(carol.read(groupId, alice.send(groupId, 'still here'))).toBe('still here')
    const bundle = alice.state.commit(groupId, { proposals: [leave] })
    alice.save()
    expect(carol.receive(groupId, bundle.commit)).toMatchObject({ code: 'CRYPTO_PROPOSAL_MISSING' })
    expect(carol.follow(groupId, bundle.commit, [leave])).toMatchObject({
      selfRemovedLeaves: [1],
      removed: [{ leafIndex: 1 }],
    })
    expect(bob.follow(groupId, bundle.commit, [leave]).removesSelf).toBe(true)
    alice.state.mergePendingCommit(groupId)
    alice.save()
    expect(carol.read(groupId, alice.send(groupId, 'bob left'))).toBe('bob left')
  })
})

describe('commits in a race', () => {
  it('P41 the loser clears its commit, follows the winner and commits anew', () => {
    const { groupId, alice, bob } = pair()
    const lost = alice.state.commit(groupId, {})
    alice.save()
    const won = bob.state.commit(groupId, {})
    bob.save()
    bob.state.mergePendingCommit(groupId)
    bob.save()
    alice.state.clearPendingCommit(groupId)
    alice.follow(groupId, won.commit)
    expect(bob.receive(groupId, lost.commit)).toMatchObject({ code: 'CRYPTO_EPOCH_PAST' })
    expect(alice.authenticator(groupId)).toBe(bob.authenticator(groupId))
  })

  it('one pending commit at a time, it survives a reload, and its own echo is recognised', () => {
    const { groupId, alice, bob } = pair()
    const bundle = alice.state.commit(groupId, {})
    alice.save()
    alice.reload()
    expect(alice.state.groupStatus(groupId)?.hasPendingCommit).toBe(true)
    expect(() => alice.state.commit(groupId, {})).toThrow(
      expect.objectContaining({ code: 'CRYPTO_COMMIT_PENDING' }),
    )
    expect(bob.read(groupId, alice.send(groupId, 'meanwhile'))).toBe('meanwhile')
    expect(alice.state.processMessage(groupId, bundle.commit)).toEqual({ kind: 'own-commit' })
    alice.state.mergePendingCommit(groupId)
    expect(Buffer.from(bundle.epochAuthenticator).toString('hex')).toBe(alice.authenticator(groupId))
  })

  it('P70 messages of the two epochs before are opened, older ones refused', () => {
    const { groupId, alice, bob } = pair()
    const sent = [alice.send(groupId, 'epoch 1')]
    for (let epoch = 2; epoch <= 4; epoch++) {
      const update = alice.state.commit(groupId, {})
      bob.follow(groupId, update.commit)
      alice.state.mergePendingCommit(groupId)
      alice.save()
      sent.push(alice.send(groupId, `epoch ${epoch}`))
    }
    expect(sent.map(message => bob.read(groupId, message))).toEqual([
      'CRYPTO_EPOCH_PAST',
      'epoch 2',
      'epoch 3',
      'epoch 4',
    ])
  })

  it('P70 deletePastEpochs takes their keys away', () => {
    const { groupId, alice, bob } = pair()
    const old = alice.send(groupId, 'old')
    bob.follow(groupId, alice.state.commit(groupId, {}).commit)
    bob.state.deletePastEpochs(groupId, Date.now() + 60_000)
    bob.save()
    expect(bob.read(groupId, old)).toBe('CRYPTO_EPOCH_PAST')
  })
})

describe('skipped messages', () => {
  it('P70 the last 64 generations are kept, the newest included, and 2,000 can be jumped forward', () => {
    const { groupId, alice, bob } = pair()
    const sent = Array.from({ length: 2068 }, (_, at) => alice.state.encrypt(groupId, text(`${at}`), NOTHING))
    const read = (at: number) => bob.read(groupId, sent[at] ?? NOTHING)
    expect(read(2067)).toBe('CRYPTO_GENERATION_TOO_FAR')
    expect(read(66)).toBe('66')
    expect([read(1), read(2), read(3), read(65)]).toEqual(['CRYPTO_REPLAY', 'CRYPTO_REPLAY', '3', '65'])
    expect(read(2065)).toBe('2065')
  })
})

describe('secrets and refusals', () => {
  it('exported secrets agree within an epoch and differ by label', () => {
    const { groupId, alice, bob } = pair()
    const secret = alice.state.exportSecret(groupId, 'entangle receipts', NOTHING, 32)
    expect(bob.state.exportSecret(groupId, 'entangle receipts', NOTHING, 32)).toEqual(secret)
    expect(bob.state.exportSecret(groupId, 'entangle other', NOTHING, 32)).not.toEqual(secret)
  })

  it('names what is wrong with a message', () => {
    const { groupId, alice, bob } = pair()
    const other = pair()
    const codeOf = (message: Uint8Array) => bob.read(groupId, message)
    expect(codeOf(text('junk'))).toBe('CRYPTO_MALFORMED')
    expect(codeOf(other.alice.send(other.groupId, 'x'))).toBe('CRYPTO_WRONG_GROUP')
    expect(codeOf(bob.send(groupId, 'mine'))).toBe('CRYPTO_OWN_MESSAGE')
    const ahead = alice.state.commit(groupId, {})
    alice.state.mergePendingCommit(groupId)
    expect(codeOf(alice.send(groupId, 'ahead'))).toBe('CRYPTO_EPOCH_FUTURE')
    const bent = ahead.commit.slice()
    bent[bent.length - 40] = (bent[bent.length - 40] ?? 0) ^ 1
    expect(codeOf(bent)).toMatch(/SIGNATURE_INVALID|COMMIT_INVALID/)
    expect(() => bob.state.encrypt(randomBytes(16), NOTHING, NOTHING)).toThrow(
      expect.objectContaining({ code: 'CRYPTO_GROUP_UNKNOWN' }),
    )
  })

  it('unloads and reloads a group lazily', () => {
    const { groupId, alice, bob } = pair()
    alice.state.unloadGroup(groupId)
    expect(alice.state.groupStatus(groupId)).toBeNull()
    alice.state.loadEntries(alice.store.list().filter(entry => entry.key.startsWith('g/')))
    expect(bob.read(groupId, alice.send(groupId, 'back'))).toBe('back')
  })

  it('deletes a group with every entry of it', () => {
    const { groupId, alice } = pair()
    alice.state.deleteGroup(groupId)
    alice.save()
    expect([...alice.store.entries.keys()].filter(key => key.startsWith('g/'))).toEqual([])
  })

  it('P34 validates key packages as server and claimer do', () => {
    const alice = new Device('alice')
    const info = crypto.validateKeyPackage(alice.keyPackage(true), Date.now())
    expect(info).toMatchObject({ lastResort: true, suite: 0x004e, credential: alice.credential })
    expect(alice.state.listKeyPackageRefs()).toEqual([info.ref])
    expect(() => crypto.validateKeyPackage(alice.keyPackage(), Date.now() + 91 * 86_400_000)).toThrow(
      expect.objectContaining({ code: 'CRYPTO_KEY_PACKAGE_EXPIRED' }),
    )
  })
})
