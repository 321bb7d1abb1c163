import { CryptoError, type MemberLeaf, signerOfGroupInfo } from '@entangle/crypto'
import {
  type AccountId,
  type ConversationId,
  type DeviceId,
  type GroupData,
  idToBytes,
  ProtocolError,
  parseGroupData,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import { accountsOf, CHECKED_AT_ONCE } from '../groups/membership.ts'
import { IdentityMismatch, refreshContact, refreshContacts } from '../identity/directory.ts'
import { hasLeft } from '../identity/earlier-devices.ts'
import { ALL_FRESH, assertLeaf, memberOf } from '../identity/leaf-check.ts'
import { learnEarlierDevices } from '../identity/list-history.ts'
import type { AnswerOf } from '../wire/api-client.ts'
import { isFormer } from './former-devices.ts'

export type Tree = Pick<AnswerOf<'readGroupInfo'>, 'groupInfo' | 'ratchetTree'>

type OpenTree = {
  readonly groupId: Uint8Array
  readonly leaves: MemberLeaf[]
  readonly data: GroupData | undefined
}

export function openTree({ crypto }: AccountContext, { groupInfo, ratchetTree }: Tree): OpenTree {
  const group = crypto.createPublicGroup(groupInfo, ratchetTree)
  try {
    const { groupData, groupId } = group
    return {
      groupId,
      leaves: group.members(),
      data: groupData === null ? undefined : parseGroupData(groupData),
    }
  } finally {
    group.close()
  }
}

/**
 * Devices in the tree that no list names: removed, with their leaf not yet put out, or never of this account.
 * Nothing is sent before they are out, and nobody vouches for what they write. Every other leaf must fit the
 * list of its account.
 */
export function strangersIn(
  { self, contacts, clock }: AccountContext,
  leaves: readonly MemberLeaf[],
): DeviceId[] {
  return leaves.flatMap(leaf => {
    if (isFormer({ self, contacts }, leaf)) return [memberOf(leaf).deviceId]
    assertLeaf({ self, contacts, nowMs: clock.now(), fresh: ALL_FRESH }, leaf)
    return []
  })
}

export type CheckedTree = {
  readonly members: ReadonlySet<AccountId>
  readonly data: GroupData
  readonly strangers: readonly DeviceId[]
  /** Of a large group: whose leaves are to be checked later. */
  readonly unchecked: readonly AccountId[]
  /** Who has signed for the group as it is. */
  readonly signer: AccountId
}

function signerIn(leaves: readonly MemberLeaf[], { groupInfo }: Tree): AccountId {
  const leafIndex = signerOfGroupInfo(groupInfo)
  const leaf = leaves.find(each => each.leafIndex === leafIndex)
  if (leaf === undefined) throw new CryptoError('CRYPTO_GROUP_INFO_INVALID', 'signer')
  return memberOf(leaf).accountId
}

/** Our own list is known since the connection came; only a leaf that it lacks is a reason to ask again. */
async function refreshOwn(context: AccountContext, leaves: readonly MemberLeaf[]): Promise<void> {
  const { contacts, self } = context
  const isNews = leaves.some(leaf => memberOf(leaf).accountId === self.accountId && isFormer(context, leaf))
  if (isNews || !contacts.has(self.accountId)) await refreshContact(context, self.accountId)
}

/** Who has met an account since a device left it knows only the newest list. */
async function learnOfFormer(context: AccountContext, leaves: readonly MemberLeaf[]): Promise<void> {
  const unknown = leaves.filter(leaf => isFormer(context, leaf) && !hasLeft(context.contacts, leaf))
  for (const accountId of accountsOf(unknown)) await learnEarlierDevices(context, accountId)
}

/** Of whom a tree must be, and who of a large group is judged at once. */
export type Expectation = {
  readonly kind: ChatRecord['kind']
  /** Of two: the other, where that is known. Of a group: who brings this device in. */
  readonly first?: AccountId | undefined
  /** All are judged at once, however many they are. */
  readonly whole?: boolean
}

function assertPair(others: readonly AccountId[], first: AccountId | undefined): void {
  const stranger = others.find(other => others.length > 1 || (first !== undefined && other !== first))
  if (stranger !== undefined) throw new IdentityMismatch(stranger, 'not one of the two')
}

/**
 * A tree judged by identities fetched after it. Of a large group only who is named as `first`, and this account, are
 * judged at once.
 */
export async function checkTree(
  context: AccountContext,
  tree: Tree,
  { conversationId, kind, first, whole = false }: Expectation & { readonly conversationId: ConversationId },
): Promise<CheckedTree> {
  const { self } = context
  const { groupId, leaves, data } = openTree(context, tree)
  if (!equalBytes(groupId, idToBytes(conversationId))) throw new CryptoError('CRYPTO_WRONG_GROUP')
  const members = accountsOf(leaves)
  if (data?.kind !== kind) throw new IdentityMismatch(first ?? self.accountId, 'another kind of group')
  const others = [...members].filter(accountId => accountId !== self.accountId)
  if (kind === 'direct') assertPair(others, first)
  const isLarge = others.length > CHECKED_AT_ONCE && !whole
  const now = isLarge ? others.filter(accountId => accountId === first) : others
  const unchecked = isLarge ? others.filter(accountId => accountId !== first) : []
  await refreshContacts(context, now)
  await refreshOwn(context, leaves)
  const later = new Set(unchecked)
  const judged = leaves.filter(leaf => !later.has(memberOf(leaf).accountId))
  await learnOfFormer(context, judged)
  const strangers = strangersIn(context, judged)
  return { members, data, strangers, unchecked, signer: signerIn(leaves, tree) }
}

/** The group as the server has it. */
export async function fetchTree(
  context: AccountContext,
  conversationId: ConversationId,
  expected: Expectation,
) {
  const answer = await context.calls.call('readGroupInfo', { conversationId })
  return { ...answer, ...(await checkTree(context, answer, { ...expected, conversationId })) }
}

/** Whether in the group of today everybody is listed. */
export async function isTreeSound(
  context: AccountContext,
  conversationId: ConversationId,
  kind: ChatRecord['kind'],
): Promise<boolean> {
  try {
    return (await fetchTree(context, conversationId, { kind, whole: true })).strangers.length === 0
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'CHAT_CONVERSATION_NOT_FOUND') return false
    throw error
  }
}
