import { parseCredential } from '@entangle/crypto'
import {
  type AccountId,
  type ConversationId,
  type DeviceId,
  encodeGroupData,
  type GroupData,
  type InviteId,
  idToBytes,
  type ManagedGroup,
  type MessageId,
  readId,
} from '@entangle/protocol'
import type { RequestOf } from '../../src/http/route.ts'
import { Person, randomId } from './person.ts'

type Invitee = { readonly deviceId: DeviceId; readonly keyPackage: Uint8Array }
type Commit = RequestOf<'submitCommit'>

export type Change = {
  readonly add?: readonly Invitee[]
  readonly remove?: readonly DeviceId[]
  readonly proposals?: readonly Uint8Array[]
  readonly data?: GroupData
}

export const SNAPSHOT = new TextEncoder().encode('the sealed state of the group')

export const managed = (
  owners: readonly Person[],
  admins: readonly Person[] = [],
  invites: readonly InviteId[] = [],
): ManagedGroup => ({
  kind: 'group',
  owners: new Set(owners.map(person => person.accountId)),
  admins: new Set(admins.map(person => person.accountId)),
  invites: new Set(invites),
})

const leafOf = (person: Person, conversationId: ConversationId, deviceId: DeviceId): number => {
  const found = person.device.state
    .groupMembers(idToBytes(conversationId))
    .find(member => readId<DeviceId>(parseCredential(member.credential).deviceId) === deviceId)
  if (found === undefined) throw new Error('no such leaf')
  return found.leafIndex
}

export const epochOf = (person: Person, conversationId: ConversationId): number =>
  Number(person.device.state.groupStatus(idToBytes(conversationId))?.epoch)

/** Everybody in the tree as this person sees it. */
export const accountsIn = (person: Person, conversationId: ConversationId): AccountId[] =>
  person.device.state
    .groupMembers(idToBytes(conversationId))
    .map(member => readId<AccountId>(parseCredential(member.credential).accountId))

/** A commit, pending in the person's state, as it is to be submitted. */
export function makeChange(person: Person, conversationId: ConversationId, change: Change = {}): Commit {
  const groupId = idToBytes(conversationId)
  const { add = [], remove = [], proposals = [], data } = change
  const epoch = epochOf(person, conversationId)
  const bundle = person.device.state.commit(groupId, {
    add: add.map(each => each.keyPackage),
    remove: remove.map(deviceId => leafOf(person, conversationId, deviceId)),
    proposals,
    ...(data === undefined ? {} : { groupData: encodeGroupData(data) }),
  })
  return {
    conversationId,
    messageId: randomId<MessageId>(),
    epoch,
    commit: bundle.commit,
    groupInfo: bundle.groupInfo,
    welcomes: add.map(({ deviceId }, index) => ({
      deviceId,
      welcome: bundle.welcomes[index]?.welcome ?? new Uint8Array(),
    })),
    ...(add.length === 0 ? {} : { snapshot: SNAPSHOT }),
  }
}

/** Makes a commit and submits it; merged if it is accepted, dropped if not. */
export async function change(person: Person, conversationId: ConversationId, what: Change = {}) {
  const groupId = idToBytes(conversationId)
  const request = makeChange(person, conversationId, what)
  try {
    const answer = await person.api.call('submitCommit', request)
    person.device.state.mergePendingCommit(groupId)
    return answer
  } catch (error) {
    person.device.state.clearPendingCommit(groupId)
    throw error
  }
}

/** Reads what has come since `after` and follows every commit of others. Answers with the events it could read. */
export async function follow(person: Person, conversationId: ConversationId, after = 0) {
  const groupId = idToBytes(conversationId)
  const { state } = person.device
  const { events } = await person.api.call('readEvents', { conversationId, after })
  const proposals: { readonly epoch: number; readonly body: Uint8Array }[] = []
  for (const event of events) {
    if (event.kind === 'proposal') proposals.push(event)
    if (event.kind !== 'commit' || event.epoch < epochOf(person, conversationId)) continue
    const held = proposals.filter(each => each.epoch === event.epoch).map(each => each.body)
    const processed = state.processMessage(groupId, event.body, held)
    if (processed.kind !== 'commit') throw new Error(`cannot follow: ${JSON.stringify(processed)}`)
    if (!processed.removesSelf) state.mergeStagedCommit(groupId)
  }
  return events
}

export async function claimAll(person: Person, others: readonly Person[]): Promise<Invitee[]> {
  const { accounts } = await person.api.call('claimManyKeyPackages', {
    accountIds: others.map(other => other.accountId),
  })
  return accounts.flatMap(account => account.packages)
}

export async function signUpWithPackages(url: string): Promise<Person> {
  const person = await Person.signUp(url)
  await person.publishKeyPackages(5)
  return person
}

/** An owner and others who have all joined. */
export async function makeManagedGroup(url: string, others: number) {
  const owner = await signUpWithPackages(url)
  const people = await Promise.all(Array.from({ length: others }, () => signUpWithPackages(url)))
  const group = owner.makeGroup(await claimAll(owner, people), managed([owner]))
  const { conversationId } = await owner.api.call('createConversation', {
    ...group,
    kind: 'group',
    snapshot: SNAPSHOT,
  })
  for (const person of people) await person.join()
  return { owner, people, conversationId }
}

/** A request to leave, not yet sent. */
export const makeLeave = (person: Person, conversationId: ConversationId) => ({
  conversationId,
  messageId: randomId<MessageId>(),
  epoch: epochOf(person, conversationId),
  proposal: person.device.state.proposeSelfRemove(idToBytes(conversationId)),
})

type Entrance = { readonly epoch: number; readonly groupInfo: Uint8Array; readonly ratchetTree: Uint8Array }

type Link = { readonly inviteId: InviteId; readonly secret: Uint8Array }

/** An external commit into the group, not yet sent; by a link if its secret is given. */
export function makeEntry(
  { device }: Person,
  conversationId: ConversationId,
  { epoch, groupInfo, ratchetTree }: Entrance,
  link?: Link,
  state = device.state,
): Commit {
  const { signatureKey, credential } = device
  if (link !== undefined) state.storePreSharedKey(idToBytes(link.inviteId), link.secret)
  const bundle = state.joinByExternalCommit({
    signatureKey,
    credential,
    groupInfo,
    ratchetTree,
    ...(link === undefined ? {} : { preSharedKeyId: idToBytes(link.inviteId) }),
  })
  return {
    conversationId,
    messageId: randomId<MessageId>(),
    epoch,
    commit: bundle.commit,
    groupInfo: bundle.groupInfo,
    welcomes: [],
    ...(link === undefined ? {} : { invite: link.inviteId }),
  }
}

/** The same, of a device that keeps what it knows of the group: to be tried again and again. */
export function tryEntry(
  person: Person,
  conversationId: ConversationId,
  entrance: Entrance,
  link?: Link,
): Commit {
  const keys = person.device.state
    .takeChanges()
    .flatMap(({ key, value }) => (value !== null && key.startsWith('s/') ? [{ key, value }] : []))
  return makeEntry(person, conversationId, entrance, link, person.crypto.openDeviceState(keys))
}
