import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import {
  change,
  claimAll,
  epochOf,
  follow,
  makeChange,
  makeManagedGroup,
  managed,
  signUpWithPackages,
} from './support/group.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const body = (text: string) => new TextEncoder().encode(text)

// Were Welcomes stored before the epoch is compared, dan would enter a group that nobody else is in.
test('P41 P49 mistake 6: the Welcome of a commit that lost is given to nobody', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 1)
  const [ben] = people
  const [cem, dan] = [await signUpWithPackages(url()), await signUpWithPackages(url())]
  if (!ben) throw new Error('too few')
  await change(owner, conversationId, { data: managed([owner, ben]) })
  await follow(ben, conversationId)
  const lost = makeChange(ben, conversationId, { add: await claimAll(ben, [dan]) })
  await change(owner, conversationId, { add: await claimAll(owner, [cem]) })
  expect(await refusalOf(ben.api.call('submitCommit', lost))).toBe('CHAT_EPOCH_STALE')
  expect((await dan.api.call('listWelcomes', {})).welcomes).toEqual([])
  expect((await cem.api.call('listWelcomes', {})).welcomes).toMatchObject([{ conversationId }])
}, 60_000)

// Judged by the epoch alone, without the device's place in the tree, the message goes to everybody.
test('P43 mistake 8: a message of the epoch before by a device that was removed is refused', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 2)
  const [ben, cem] = people
  if (!ben || !cem) throw new Error('too few')
  const socket = await Socket.connect(ben.api)
  const epoch = epochOf(ben, conversationId)
  const removal = await change(owner, conversationId, { remove: [ben.device.deviceId] })
  const late = await socket.send(socket.frame(conversationId, body('late'), { epoch }))
  expect(late.status).toBe(84)
  expect(await cem.api.call('readEvents', { conversationId, after: 0 })).toMatchObject({
    lastSeq: removal.seq,
  })
  socket.close()
}, 60_000)
