import type { MessageId } from '@entangle/protocol'
import { idToBytes } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { ApiError, refusalOf } from './support/api.ts'
import { makePair, Person, randomId } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const body = (text: string) => new TextEncoder().encode(text)

test('P40 P42 a repeated message keeps its place, other bytes under its id are refused', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const socket = await Socket.connect(ann.api)
  const benSocket = await Socket.connect(ben.api)
  const frame = socket.frame(conversationId, body('first'))
  const first = await socket.send(frame)
  expect(first).toMatchObject({ status: 0, seq: 1 })
  expect(await socket.send(frame)).toEqual(first)
  expect((await socket.send({ ...frame, body: body('other') })).status).toBe(86)
  // A number that claims to be new does not hide that the id is old, and harms nobody in the same batch.
  const lie = { ...frame, counter: 10_000 }
  expect(await socket.send(lie)).toEqual(first)
  expect((await socket.send({ ...lie, counter: 10_001, body: body('other') })).status).toBe(86)
  const next = await socket.send(socket.frame(conversationId, body('second')))
  expect(next.seq).toBe(2)
  for (let copy = 0; copy < 20; copy++) socket.post(frame)
  await socket.until(() => socket.acks.filter(ack => ack.messageId === frame.messageId).length === 25)
  expect(
    socket.acks.filter(ack => ack.status === 0 && ack.messageId === frame.messageId).map(ack => ack.seq),
  ).toEqual(new Array(23).fill(1))
  await benSocket.until(() => benSocket.delivered.length === 2)
  expect(benSocket.delivered.map(event => event.seq)).toEqual([1, 2])
  socket.close()
  benSocket.close()
})

test('P40 under concurrent senders the log is contiguous and the same for all', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const [left, right] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  const perSide = 400
  for (let count = 0; count < perSide; count++) {
    left.post(left.frame(conversationId, body(`left ${count}`)))
    right.post(right.frame(conversationId, body(`right ${count}`)))
  }
  await left.until(() => left.acks.length === perSide && left.delivered.length === 2 * perSide)
  await right.until(() => right.acks.length === perSide && right.delivered.length === 2 * perSide)
  const contiguous = Array.from({ length: 2 * perSide }, (_, index) => index + 1)
  expect(left.delivered.map(event => event.seq)).toEqual(contiguous)
  expect(right.delivered.map(event => event.messageId)).toEqual(left.delivered.map(event => event.messageId))
  expect([...left.acks, ...right.acks].map(ack => ack.seq).sort((a, b) => a - b)).toEqual(contiguous)

  const read: string[] = []
  for (let after = 0; after < 2 * perSide; ) {
    const page = await ann.api.call('readEvents', { conversationId, after })
    expect(page.lastSeq).toBe(2 * perSide)
    expect(page.events.length).toBeLessThanOrEqual(256)
    expect(page.events.map(event => event.seq)).toEqual(page.events.map((_, index) => after + index + 1))
    read.push(...page.events.map(event => event.messageId))
    after += page.events.length
  }
  expect(read).toEqual(left.delivered.map(event => event.messageId))
  left.close()
  right.close()
})

test('P40 a page ends at four MiB, and still says what is last', async () => {
  const { ann, conversationId } = await makePair(url())
  const socket = await Socket.connect(ann.api)
  for (let count = 0; count < 100; count++)
    await socket.send(socket.frame(conversationId, new Uint8Array(60 * 1024)))
  const { events, lastSeq } = await ann.api.call('readEvents', { conversationId, after: 0 })
  expect(events).toHaveLength(68)
  expect(lastSeq).toBe(100)
  socket.close()
})

function applied(
  entries: readonly { key: string; value: Uint8Array }[],
  changes: readonly { key: string; value: Uint8Array | null }[],
) {
  const all = new Map<string, Uint8Array | null>(
    [...entries, ...changes].map(({ key, value }) => [key, value]),
  )
  return [...all].flatMap(([key, value]) => (value === null ? [] : [{ key, value }]))
}

test('P41 of sixteen racing commits exactly one wins each epoch', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const groupId = idToBytes(conversationId)
  const watcher = await Socket.connect(ben.api)
  let entries = applied([], ann.device.state.takeChanges())
  for (let epoch = 1; epoch <= 5; epoch++) {
    // Sixteen copies of the device, as if a snapshot had been restored sixteen times.
    const stored = entries
    const racers = Array.from({ length: 16 }, () => {
      const state = ann.crypto.openDeviceState(stored)
      const { commit, groupInfo } = state.commit(groupId, {})
      return {
        state,
        request: { conversationId, messageId: randomId<MessageId>(), epoch, commit, groupInfo, welcomes: [] },
      }
    })
    const outcomes = await Promise.allSettled(
      racers.map(racer => ann.api.call('submitCommit', racer.request)),
    )
    expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
    for (const [index, outcome] of outcomes.entries()) {
      const racer = racers[index]
      if (racer === undefined) throw new Error('no racer')
      const again = ann.api.call('submitCommit', racer.request)
      if (outcome.status === 'fulfilled') {
        expect(outcome.value).toMatchObject({ seq: epoch, epoch: epoch + 1 })
        expect(await again).toEqual(outcome.value)
        racer.state.mergePendingCommit(groupId)
        entries = applied(stored, racer.state.takeChanges())
      } else {
        expect(outcome.reason).toMatchObject({ code: 'CHAT_EPOCH_STALE', details: { epoch: epoch + 1 } })
        expect(await refusalOf(again)).toBe('CHAT_EPOCH_STALE')
      }
    }
    await watcher.until(() => watcher.delivered.length === epoch)
    expect(watcher.delivered.at(-1)).toMatchObject({ kind: 'commit', seq: epoch, epoch })
    const processed = ben.device.state.processMessage(
      groupId,
      watcher.delivered.at(-1)?.body ?? new Uint8Array(),
    )
    expect(processed.kind).toBe('commit')
    ben.device.state.mergeStagedCommit(groupId)
  }
  watcher.close()
}, 120_000)

test('P41 a commit that does not verify, or with another GroupInfo, is refused and changes nothing', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const commit = ann.makeCommit(conversationId)
  const broken = commit.commit.slice()
  broken[broken.length - 100] = (broken.at(-100) ?? 0) ^ 1
  const oldInfo = (await ann.api.call('readGroupInfo', { conversationId })).groupInfo
  for (const bad of [
    { ...commit, commit: broken },
    { ...commit, groupInfo: oldInfo },
    { ...commit, commit: new Uint8Array(50) },
    { ...commit, welcomes: [{ deviceId: ben.device.deviceId, welcome: new Uint8Array(10) }] },
  ]) {
    expect(await refusalOf(ann.api.call('submitCommit', bad))).toBe('CHAT_COMMIT_INVALID')
  }
  // Somebody else's commit is not accepted from me, even with its bytes intact.
  expect(await refusalOf(ben.api.call('submitCommit', commit))).toBe('CHAT_COMMIT_INVALID')
  const stranger = await Person.signUp(url())
  expect(await refusalOf(stranger.api.call('submitCommit', commit))).toBe('CHAT_CONVERSATION_NOT_FOUND')
  expect(await ann.api.call('submitCommit', commit)).toMatchObject({ seq: 1, epoch: 2 })
})

test('P43 P45 messages of the two epochs before pass, older and later ones never', async () => {
  const { ann, conversationId } = await makePair(url())
  const groupId = idToBytes(conversationId)
  const socket = await Socket.connect(ann.api)
  const future = socket.frame(conversationId, body('from the future'), { epoch: 4 })
  expect(await socket.send(future)).toMatchObject({ status: 82, seq: 1 })
  for (let epoch = 1; epoch < 4; epoch++) {
    await ann.api.call('submitCommit', ann.makeCommit(conversationId))
    ann.device.state.mergePendingCommit(groupId)
  }
  for (const epoch of [2, 3, 4]) {
    expect((await socket.send(socket.frame(conversationId, body(`of ${epoch}`), { epoch }))).status).toBe(0)
  }
  const old = socket.frame(conversationId, body('too old'), { epoch: 1 })
  expect(await socket.send(old)).toMatchObject({ status: 82, seq: 4 })
  // Epoch 4 has come, but these very bytes were refused for ever: their sender may have encrypted anew.
  expect(await socket.send(future)).toMatchObject({ status: 82, seq: 1 })
  // The message itself, encrypted once more under the same id, passes.
  expect(await socket.send({ ...future, counter: 99, body: body('anew') })).toMatchObject({ status: 0 })
  socket.close()
})

test('P46 the highest counter of a device is told when it connects', async () => {
  const { ann, conversationId } = await makePair(url())
  const socket = await Socket.connect(ann.api)
  expect(socket.controlOf('ready').counter).toBe(0)
  await socket.send(socket.frame(conversationId, body('a'), { counter: 7 }))
  await socket.send(socket.frame(conversationId, body('b'), { counter: 5 }))
  socket.close()
  const again = await Socket.connect(ann.api)
  expect(again.controlOf('ready').counter).toBe(7)
  again.close()
})

test('P47 members are those of the tree: strangers, forged devices and missing Welcomes are refused', async () => {
  const [ann, ben, eve] = [await Person.signUp(url()), await Person.signUp(url()), await Person.signUp(url())]
  await ben.publishKeyPackages(10)
  const group = async () => ann.makeGroup(await ann.claim(ben))
  const create = (person: Person, request: Awaited<ReturnType<typeof group>>) =>
    refusalOf(person.api.call('createConversation', { ...request, kind: 'direct' }))
  const made = await group()
  expect(await create(eve, made)).toBe('CHAT_COMMIT_INVALID')
  expect(await create(ann, { ...made, conversationId: randomId() })).toBe('CHAT_COMMIT_INVALID')
  expect(await create(ann, { ...made, ratchetTree: (await group()).ratchetTree })).toBe('CHAT_COMMIT_INVALID')
  const welcome = made.welcomes[0]?.welcome ?? new Uint8Array()
  expect(await create(ann, { ...made, welcomes: [{ deviceId: eve.device.deviceId, welcome }] })).toBe(
    'CHAT_COMMIT_INVALID',
  )
  const both = [...made.welcomes, { deviceId: ann.device.deviceId, welcome }]
  expect(await create(ann, { ...made, welcomes: both })).toBe('CHAT_COMMIT_INVALID')

  // Eve makes a leaf that claims Ben's account and device, under a key of her own.
  const [real] = [eve.device]
  eve.device = { ...real, credential: ben.device.credential }
  const [forged] = eve.makeKeyPackages(1)
  eve.device = real
  if (forged === undefined) throw new Error('no package')
  const withForged = ann.makeGroup([{ deviceId: ben.device.deviceId, keyPackage: forged }])
  expect(await create(ann, withForged)).toBe('CHAT_COMMIT_INVALID')
  await ann.api.call('createConversation', { ...made, kind: 'direct' })
})

test('P47 creating the same again answers with the same head', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  await ben.publishKeyPackages(1)
  const group = { ...ann.makeGroup(await ann.claim(ben)), kind: 'direct' as const }
  const heads = await Promise.all([1, 2, 3].map(() => ann.api.call('createConversation', group)))
  expect(new Set(heads.map(head => head.conversationId)).size).toBe(1)
  expect(await ann.api.call('createConversation', group)).toEqual(heads[0])
})

test('P48 two people who begin at the same moment end in one conversation', async () => {
  for (let round = 0; round < 5; round++) {
    const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
    await ann.publishKeyPackages(1)
    await ben.publishKeyPackages(1)
    const groups = [ann.makeGroup(await ann.claim(ben)), ben.makeGroup(await ben.claim(ann))] as const
    const outcomes = await Promise.allSettled([
      ann.api.call('createConversation', { ...groups[0], kind: 'direct' }),
      ben.api.call('createConversation', { ...groups[1], kind: 'direct' }),
    ])
    const won = outcomes.findIndex(outcome => outcome.status === 'fulfilled')
    const lost = outcomes.find(outcome => outcome.status === 'rejected')
    expect(won).toBeGreaterThanOrEqual(0)
    expect(lost?.reason).toBeInstanceOf(ApiError)
    expect(lost?.reason).toMatchObject({
      code: 'CHAT_DIRECT_EXISTS',
      details: { conversationId: groups[won]?.conversationId },
    })
  }
})

test('P49 a Welcome waits with its tree, over later epochs, until it is settled', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  await ben.publishKeyPackages(1)
  const benSocket = await Socket.connect(ben.api)
  const { conversationId } = await ann.startDirect(ben)
  await benSocket.until(() => benSocket.controls.some(control => control.t === 'welcome'))
  await ann.api.call('submitCommit', ann.makeCommit(conversationId))
  const again = await Socket.connect(ben.api)
  expect(again.controlOf('ready').welcomes).toBe(1)
  expect(await ben.join()).toBe(conversationId)
  expect((await ben.api.call('listWelcomes', {})).welcomes).toEqual([])
  expect(await refusalOf(ben.api.call('readTree', { conversationId, epoch: 1 }))).toBe(
    'CHAT_CONVERSATION_NOT_FOUND',
  )
  await ben.api.call('readTree', { conversationId, epoch: 2 })
  await ben.api.call('settleWelcome', { conversationId, epoch: 1 })
  const { events } = await ben.api.call('readEvents', { conversationId, after: 0 })
  const processed = ben.device.state.processMessage(
    idToBytes(conversationId),
    events[0]?.body ?? new Uint8Array(),
  )
  expect(processed.kind).toBe('commit')
  benSocket.close()
  again.close()
})

test('P50 nobody but a member reads a log, a tree or a GroupInfo, or sends', async () => {
  const { conversationId } = await makePair(url())
  const eve = await Person.signUp(url())
  const refusals = await Promise.all([
    refusalOf(eve.api.call('readEvents', { conversationId, after: 0 })),
    refusalOf(eve.api.call('readTree', { conversationId, epoch: 1 })),
    refusalOf(eve.api.call('readGroupInfo', { conversationId })),
  ])
  expect(new Set(refusals)).toEqual(new Set(['CHAT_CONVERSATION_NOT_FOUND']))
  const socket = await Socket.connect(eve.api)
  expect((await socket.send(socket.frame(conversationId, body('intruding')))).status).toBe(80)
  const nowhere = socket.frame(randomId(), body('nowhere'))
  expect((await socket.send(nowhere)).status).toBe(80)
  socket.control({ t: 'ephemeral', conversationId, epoch: 1, body: body('typing') })
  await socket.until(() => socket.controls.some(control => control.t === 'error'))
  expect(socket.controlOf('error').code).toBe('CHAT_CONVERSATION_NOT_FOUND')
  socket.close()
})

test('P67 the newest receipt is forwarded, kept and given on connect; typing is only forwarded', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const [left, right] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  for (const text of ['one', 'two', 'three']) {
    left.control({ t: 'receipt', conversationId, epoch: 1, body: body(text) })
  }
  left.control({ t: 'ephemeral', conversationId, epoch: 1, body: body('typing') })
  left.control({ t: 'cursor', conversationId, seq: 0 })
  await right.until(() => right.controls.some(control => control.t === 'ephemeral'))
  const sender = { senderAccount: ann.accountId, senderDevice: ann.device.deviceId }
  expect(right.controlOf('receipt')).toEqual({
    t: 'receipt',
    conversationId,
    epoch: 1,
    body: body('three'),
    ...sender,
  })
  expect(left.controls.filter(control => control.t === 'receipt')).toEqual([])
  await new Promise(resolve => setTimeout(resolve, 200))
  const again = await Socket.connect(ben.api)
  expect(again.controlOf('ready').receipts).toEqual([
    { conversationId, epoch: 1, body: body('three'), ...sender },
  ])
  for (const socket of [left, right, again]) socket.close()
})

test('P63 heads tell of what came while nobody listened', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const [left, right] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  right.control({ t: 'ping' })
  await right.until(() => right.controls.some(control => control.t === 'pong'))
  await left.send(left.frame(conversationId, body('x'), { messageId: randomId<MessageId>() }))
  right.control({ t: 'heads' })
  await right.until(() => right.controls.some(control => control.t === 'heads'))
  expect(right.controlOf('heads').heads[0]).toMatchObject({ conversationId, lastSeq: 1 })
  left.close()
  right.close()
})

test('a device that lost its state comes back by an external commit, a stranger does not', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  await ben.api.call('signOut', { eraseDevice: true })
  const login = await ben.logIn()
  if (login.kind !== 'enrol') throw new Error('the device has kept its place')
  const former = ben.device.deviceId
  ben.replaceDevice()
  const { enrolmentGrant } = login
  const { deviceId } = ben.device
  ben.adopt(await ben.api.call('enrolDevice', { enrolmentGrant, deviceId, identity: ben.identity }))
  const { epoch, groupInfo, ratchetTree } = await ben.api.call('readGroupInfo', { conversationId })
  const join = (person: Person) => {
    const { state, signatureKey, credential } = person.device
    return state.joinByExternalCommit({ signatureKey, credential, groupInfo, ratchetTree })
  }
  const request = { conversationId, messageId: randomId<MessageId>(), epoch, welcomes: [] }
  const eve = await Person.signUp(url())
  expect(await refusalOf(eve.api.call('submitCommit', { ...request, ...pick(join(eve)) }))).toBe(
    'CHAT_CONVERSATION_NOT_FOUND',
  )
  expect(former).not.toBe(deviceId)
  await ben.api.call('submitCommit', { ...request, ...pick(join(ben)) })
  const [left, right] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  const { events } = await ann.api.call('readEvents', { conversationId, after: 0 })
  ann.device.state.processMessage(idToBytes(conversationId), events[0]?.body ?? new Uint8Array())
  ann.device.state.mergeStagedCommit(idToBytes(conversationId))
  await left.send(left.frame(conversationId, ann.encrypt(conversationId, 'welcome back'), { epoch: 2 }))
  await right.until(() => right.delivered.length === 1)
  expect(ben.decrypt(conversationId, right.delivered[0]?.body ?? new Uint8Array())).toBe('welcome back')
  const page = await ben.api.call('readEvents', { conversationId, after: 0 })
  expect(page.events.map(event => event.seq)).toEqual([2])
  left.close()
  right.close()
})

const pick = ({ commit, groupInfo }: { commit: Uint8Array; groupInfo: Uint8Array }) => ({ commit, groupInfo })
