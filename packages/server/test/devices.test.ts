import { idToBytes, LIMITS, type MessageId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import { managed } from './support/group.ts'
import { makePair, Person, randomId } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const body = (text: string) => new TextEncoder().encode(text)
const VAULT = {
  sealed: new Uint8Array(30).fill(9),
  wraps: [{ kind: 'phrase' as const, wrapped: new Uint8Array(8) }],
}

async function changeGrantOf(person: Person): Promise<string> {
  return (await person.api.call('fetchVault', { proof: await person.provePassword() })).changeGrant
}

test('P23 a second device enrols beside the first, and both stay signed in', async () => {
  const phone = await Person.signUp(url())
  const laptop = phone.atNewDevice()
  expect(await refusalOf(laptop.provePassword('a guess').then(p => laptop.api.call('finishLogin', p)))).toBe(
    'AUTH_CREDENTIALS_WRONG',
  )
  const login = await laptop.logIn()
  if (login.kind !== 'enrol') throw new Error('not offered to enrol')
  expect(login.identity).toEqual(phone.identity)
  const request = laptop.makeEnrolment(login.enrolmentGrant)
  laptop.adopt(await laptop.api.call('enrolDevice', request))
  for (const device of [phone, laptop]) {
    const { devices } = await device.api.call('listDevices', {})
    expect(devices.map(each => each.deviceId)).toEqual([phone.device.deviceId, laptop.device.deviceId])
    expect(devices.every(each => each.lastSeenAt >= each.enrolledAt - 1000)).toBe(true)
    await device.api.call('refreshSession', {})
    const login = await device.logIn()
    if (login.kind !== 'session') throw new Error('the device is not listed')
    device.adopt(login.session)
  }
  expect(await phone.api.call('readIdentity', { accountId: phone.accountId })).toEqual(laptop.identity)
})

test('P23 a list that drops, renames or adds more than the new device does not enrol', async () => {
  const phone = await Person.signUp(url())
  const laptop = phone.atNewDevice()
  const enrolmentGrant = await laptop.grantToEnrol()
  const enrol = (devices: Person['listed'], deviceId = laptop.device.deviceId) => {
    const { list, listed } = laptop
    laptop.relist(devices)
    const request = { enrolmentGrant, deviceId, identity: laptop.identity }
    laptop.list = list
    laptop.listed = listed
    return laptop.api.call('enrolDevice', request)
  }
  const stranger = laptop.makeDevice()
  const changed = { ...laptop.makeDevice(), deviceId: phone.device.deviceId }
  for (const devices of [
    [laptop.device],
    [phone.device],
    [phone.device, laptop.device, stranger],
    [phone.device, stranger],
    [changed, laptop.device],
  ]) {
    expect(await refusalOf(enrol(devices))).toBe('KEYS_IDENTITY_INVALID')
  }
  // The stored list, repeated by somebody who knows the password alone, opens no session of a listed device.
  const { deviceId } = phone.device
  const { identity } = phone
  expect(await refusalOf(laptop.api.call('enrolDevice', { enrolmentGrant, deviceId, identity }))).toBe(
    'KEYS_IDENTITY_INVALID',
  )
  await enrol([phone.device, laptop.device])
})

test('P23 of devices that enrol at once one wins; the others find their list stale and come after it', async () => {
  const phone = await Person.signUp(url())
  const racers = Array.from({ length: 4 }, () => phone.atNewDevice())
  const requests = await Promise.all(
    racers.map(async racer => racer.makeEnrolment(await racer.grantToEnrol())),
  )
  const outcomes = await Promise.allSettled(
    racers.map((racer, index) => {
      const request = requests[index]
      if (request === undefined) throw new Error('no request')
      return racer.api.call('enrolDevice', request)
    }),
  )
  const won = outcomes.findIndex(outcome => outcome.status === 'fulfilled')
  const winner = racers[won]
  if (winner === undefined) throw new Error('nobody has won')
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') {
      expect(index).toBe(won)
      continue
    }
    expect(outcome.reason).toMatchObject({ code: 'KEYS_LIST_STALE' })
  }
  let newest = winner
  for (const racer of racers.filter(each => each !== winner)) {
    racer.learnList(newest)
    racer.adopt(await racer.api.call('enrolDevice', racer.makeEnrolment(await racer.grantToEnrol())))
    newest = racer
  }
  expect((await newest.api.call('listDevices', {})).devices).toHaveLength(5)
})

test('P23 the seventeenth device is refused, after the password and not before', async () => {
  let newest = await Person.signUp(url())
  for (let count = 1; count < LIMITS.devicesPerAccount; count++) newest = await newest.enrolAnother()
  const late = newest.atNewDevice()
  expect(await refusalOf(late.logIn())).toBe('AUTH_DEVICE_LIMIT')
  expect(
    await refusalOf(late.provePassword('a guess').then(proof => late.api.call('finishLogin', proof))),
  ).toBe('AUTH_CREDENTIALS_WRONG')
  await newest.api.call('signOut', { eraseDevice: true })
  late.listed = late.listed.filter(device => device !== newest.device)
  late.adopt(await late.api.call('enrolDevice', late.makeEnrolment(await late.grantToEnrol())))
})

test('P23 a device that signed itself out may stay in the list and does not come back by it', async () => {
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  await laptop.api.call('signOut', { eraseDevice: true })
  const tablet = await phone.enrolAnother()
  expect(tablet.listed).toHaveLength(3)
  expect((await tablet.api.call('listDevices', {})).devices).toHaveLength(2)
  expect(await laptop.logIn()).toMatchObject({ kind: 'enrol' })
  expect(await refusalOf(laptop.api.call('refreshSession', {}))).toMatch(/^AUTH_/)
})

test('P35 a claim gives a package of each active device; of the own account of the others', async () => {
  const ben = await Person.signUp(url())
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  for (const device of [phone, laptop]) await device.publishKeyPackages(2)
  const both = [phone.device.deviceId, laptop.device.deviceId].sort()
  expect((await ben.claim(phone)).map(each => each.deviceId).sort()).toEqual(both)
  expect((await phone.claim(phone)).map(each => each.deviceId)).toEqual([laptop.device.deviceId])
  expect(await ben.claim(ben)).toEqual([])
})

async function joinByExternalCommit(person: Person, conversationId: string) {
  const id = { conversationId: conversationId as Awaited<ReturnType<Person['join']>> }
  const { epoch, groupInfo, ratchetTree } = await person.api.call('readGroupInfo', id)
  const { state, signatureKey, credential } = person.device
  const joined = state.joinByExternalCommit({ signatureKey, credential, groupInfo, ratchetTree })
  return {
    ...id,
    messageId: randomId<MessageId>(),
    epoch,
    welcomes: [],
    commit: joined.commit,
    groupInfo: joined.groupInfo,
  }
}

test('P50 a new device sees its conversations, joins by itself and reads from there on', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const [phone, peer] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  await phone.send(phone.frame(conversationId, ann.encrypt(conversationId, 'before')))
  const laptop = await ann.enrolAnother()
  const socket = await Socket.connect(laptop.api)
  expect(socket.controlOf('ready').heads).toMatchObject([{ conversationId, joined: false, lastSeq: 1 }])
  expect(await refusalOf(laptop.api.call('readEvents', { conversationId, after: 0 }))).toBe(
    'CHAT_CONVERSATION_NOT_FOUND',
  )
  // Not in the tree: it may not send, and is not delivered to.
  expect((await socket.send(socket.frame(conversationId, body('early')))).status).toBe(80)

  await laptop.api.call('submitCommit', await joinByExternalCommit(laptop, conversationId))
  const { conversations } = await laptop.api.call('listConversations', {})
  expect(conversations).toMatchObject([{ conversationId, joined: true, epoch: 2 }])
  await peer.until(() => peer.delivered.length === 2)
  for (const person of [ann, ben]) {
    person.device.state.processMessage(idToBytes(conversationId), peer.delivered[1]?.body ?? new Uint8Array())
    person.device.state.mergeStagedCommit(idToBytes(conversationId))
  }
  const frame = socket.frame(conversationId, laptop.encrypt(conversationId, 'from the laptop'), { epoch: 2 })
  expect((await socket.send(frame)).status).toBe(0)
  // To the peer and to the account's own other device alike.
  for (const [person, receiver] of [[ben, peer] as const, [ann, phone] as const]) {
    await receiver.until(() => receiver.delivered.length === 3)
    expect(person.decrypt(conversationId, receiver.delivered[2]?.body ?? new Uint8Array())).toBe(
      'from the laptop',
    )
  }
  const page = await laptop.api.call('readEvents', { conversationId, after: 0 })
  expect(page.events.map(event => event.seq)).toEqual([3])
  for (const each of [phone, peer, socket]) each.close()
})

test('P49 a new conversation is announced to the devices that are not in its tree', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  await ben.publishKeyPackages(2)
  const packages = await ann.claim(ben)
  const [annLaptop, benLaptop] = [await ann.enrolAnother(), await ben.enrolAnother()]
  const sockets = await Promise.all([annLaptop, benLaptop].map(each => Socket.connect(each.api)))
  const group = ann.makeGroup(packages)
  await ann.api.call('createConversation', { ...group, kind: 'direct' })
  for (const socket of sockets) {
    await socket.until(() => socket.controls.some(control => control.t === 'heads'))
    expect(socket.controlOf('heads').heads).toMatchObject([
      { conversationId: group.conversationId, joined: false },
    ])
    socket.close()
  }
})

test('P49 the devices of an account that are in the first tree get their Welcomes', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  const laptop = await ann.enrolAnother()
  for (const device of [laptop, ben]) await device.publishKeyPackages(1)
  const group = ann.makeGroup([...(await ann.claim(ben)), ...(await ann.claim(ann))])
  const head = await ann.api.call('createConversation', { ...group, kind: 'direct' })
  expect(head.members).toHaveLength(2)
  expect(await laptop.join()).toBe(group.conversationId)
})

test('P33 a device that the list does not name, or no longer names, gets into no tree', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const unlisted = ben.atNewDevice()
  const [keyPackage] = unlisted.makeKeyPackages(1)
  if (keyPackage === undefined) throw new Error('no package')
  const { deviceId } = unlisted.device
  const withUnlisted = ann.makeGroup([{ deviceId, keyPackage }], managed([ann]))
  expect(await refusalOf(ann.api.call('createConversation', { ...withUnlisted, kind: 'group' }))).toBe(
    'CHAT_COMMIT_INVALID',
  )
  // With the session of a listed device the unlisted one does not come in from outside either.
  unlisted.api = ben.api
  const external = await joinByExternalCommit(unlisted, conversationId)
  expect(await refusalOf(ben.api.call('submitCommit', external))).toBe('CHAT_COMMIT_INVALID')

  const laptop = await ben.enrolAnother()
  await laptop.publishKeyPackages(2)
  const former = (await ann.claim(ben)).filter(each => each.deviceId === laptop.device.deviceId)
  await laptop.api.call('signOut', { eraseDevice: true })
  const withFormer = ann.makeGroup(former, managed([ann]))
  expect(await refusalOf(ann.api.call('createConversation', { ...withFormer, kind: 'group' }))).toBe(
    'CHAT_COMMIT_INVALID',
  )
})

test('P84 a device that is removed is cut off at once, although its leaf is still in the tree', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const thief = await ann.enrolAnother()
  await thief.publishKeyPackages(3, true)
  await thief.api.call('submitCommit', await joinByExternalCommit(thief, conversationId))
  await ben.claim(ann)
  const ofThief = (await ben.claim(ann)).filter(each => each.deviceId === thief.device.deviceId)
  const spare = ben.makeGroup(ofThief, managed([ben]))
  await ben.api.call('createConversation', { ...spare, kind: 'group' })
  const [annSocket, thiefSocket, benSocket] = await Promise.all(
    [ann, thief, ben].map(each => Socket.connect(each.api)),
  )
  if (!annSocket || !thiefSocket || !benSocket) throw new Error('no socket')
  expect(thiefSocket.controlOf('ready').welcomes).toBe(1)
  const { ticket } = await thief.api.call('issueTicket', {})

  const changeGrant = await changeGrantOf(ann)
  ann.relist([ann.device])
  const request = { changeGrant, identity: ann.identity, vault: VAULT }
  const startedAt = Date.now()
  await ann.api.call('replaceDevices', request)
  expect(await thiefSocket.closed).toBe(4401)
  expect(Date.now() - startedAt).toBeLessThan(5000)
  expect(await refusalOf(ann.api.call('replaceDevices', request))).toBe('AUTH_LOGIN_EXPIRED')
  expect((await ann.api.call('listDevices', {})).devices).toHaveLength(1)
  const { vault } = await ann.api.call('fetchVault', { proof: await ann.provePassword() })
  expect(vault).toEqual(VAULT)

  const { deviceId } = thief.device
  const delivered = thiefSocket.delivered.length
  for (const refused of [
    () => thief.api.call('listConversations', {}),
    () => thief.api.call('readEvents', { conversationId, after: 0 }),
    () => thief.api.call('readGroupInfo', { conversationId }),
    () => thief.api.call('listWelcomes', {}),
    () => thief.api.call('issueTicket', {}),
    () => thief.api.call('submitCommit', { ...thief.makeCommit(conversationId) }),
    () => thief.api.call('readAccountState', { after: 0 }),
    () => thief.api.call('publishKeyPackages', { packages: thief.makeKeyPackages(1) }),
  ]) {
    expect(await refusalOf(refused())).toBe('AUTH_TOKEN_INVALID')
  }
  expect(await refusalOf(thief.api.call('refreshSession', {}))).toBe('AUTH_DEVICE_UNKNOWN')
  await expect(Socket.openWith(url(), ticket)).rejects.toThrow('401')
  // Its key proves nothing any more; what it is offered is to enrol, for which it needs the vault.
  expect(await thief.logIn()).toMatchObject({ kind: 'enrol' })
  expect((await ben.claim(ann).catch(() => [])).filter(each => each.deviceId === deviceId)).toEqual([])

  const ack = await benSocket.send(benSocket.frame(conversationId, body('not for thieves'), { epoch: 2 }))
  expect(ack.status).toBe(0)
  await annSocket.until(() => annSocket.delivered.some(event => event.messageId === ack.messageId))
  expect(thiefSocket.delivered).toHaveLength(delivered)
  const enrolmentGrant = await thief.grantToEnrol()
  const enrol = () => thief.api.call('enrolDevice', { enrolmentGrant, deviceId, identity: thief.identity })
  expect(await refusalOf(enrol())).toBe('KEYS_LIST_STALE')
  // Not even with the account key: the id is used up.
  thief.learnList(ann)
  thief.relist([ann.device, thief.device])
  expect(await refusalOf(enrol())).toBe('KEYS_IDENTITY_INVALID')
  annSocket.close()
  benSocket.close()
})

test('P84 devices are replaced only under a grant, by one that stays, and nothing is added so', async () => {
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  const other = await Person.signUp(url())
  const changeGrant = await changeGrantOf(phone)
  const replace = async (person: Person, devices: Person['listed'], grant = changeGrant) => {
    const { list, listed } = person
    person.relist(devices)
    const request = { changeGrant: grant, identity: person.identity, vault: VAULT }
    person.list = list
    person.listed = listed
    return person.api.call('replaceDevices', request)
  }
  expect(await refusalOf(replace(phone, [phone.device], 'invented'))).toBe('AUTH_LOGIN_EXPIRED')
  expect(await refusalOf(replace(other, [other.device]))).toBe('AUTH_LOGIN_EXPIRED')
  expect(await refusalOf(replace(phone, [laptop.device]))).toBe('KEYS_IDENTITY_INVALID')
  expect(await refusalOf(replace(phone, [phone.device, phone.makeDevice()]))).toBe('KEYS_IDENTITY_INVALID')
  const stale = phone.list
  // Each removes the other: one of them is first, and the other is then no device of the account.
  const laptopGrant = await changeGrantOf(laptop)
  const outcomes = await Promise.allSettled([
    replace(phone, [phone.device]),
    replace(laptop, [laptop.device], laptopGrant),
  ])
  expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
  expect(phone.list).toBe(stale)
})

test('P36 of two that change the vault at once the second has to begin again: no key is thrown away', async () => {
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  const [first, second] = [await changeGrantOf(phone), await changeGrantOf(phone)]
  phone.relist([phone.device])
  await phone.api.call('replaceDevices', { changeGrant: first, identity: phone.identity, vault: VAULT })
  const registrationRecord = await phone.registrationOfNewPassword('another password')
  const stale = { sealed: new Uint8Array(30).fill(1), wraps: [] }
  const change = (changeGrant: string, vault: typeof stale) =>
    phone.api.call('finishPasswordChange', { changeGrant, registrationRecord, vault })
  expect(await refusalOf(change(second, stale))).toBe('AUTH_LOGIN_EXPIRED')
  expect((await phone.api.call('fetchVault', { proof: await phone.provePassword() })).vault).toEqual(VAULT)
  await change(await changeGrantOf(phone), stale)
  expect(await refusalOf(laptop.api.call('refreshSession', {}))).toBe('AUTH_DEVICE_UNKNOWN')
})
