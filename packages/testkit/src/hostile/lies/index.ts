import type { GroupLie, Lie } from '../scene.ts'
import { closedGap } from './closed-gap.ts'
import { forgedMessage } from './forged-message.ts'
import { forgottenOwnMessage } from './forgotten-own-message.ts'
import { ghostInPassing } from './ghost-in-passing.ts'
import { ghostInTheLog } from './ghost-in-the-log.ts'
import { ghostOfAThird } from './ghost-of-a-third.ts'
import { ghostWithAList } from './ghost-with-a-list.ts'
import { groupBrokenInto } from './group-broken-into.ts'
import { groupGhostByAMember } from './group-ghost-by-a-member.ts'
import { groupGhostFromOutside } from './group-ghost-from-outside.ts'
import { groupLeaverKept } from './group-leaver-kept.ts'
import { groupOfAnother } from './group-of-another.ts'
import { groupRevokedLink } from './group-revoked-link.ts'
import { groupRolesTaken } from './group-roles-taken.ts'
import { lateMessageOfARemovedDevice } from './late-message-of-a-removed-device.ts'
import { messageCalledOwn } from './message-called-own.ts'
import { messageOfAnotherDevice } from './message-of-another-device.ts'
import { oldDeviceList } from './old-device-list.ts'
import { oldGroup } from './old-group.ts'
import { otherAccountKey } from './other-account-key.ts'
import { packageOfAStranger } from './package-of-a-stranger.ts'
import { removedDeviceReturns } from './removed-device-returns.ts'
import { removedDeviceReturnsByItsList } from './removed-device-returns-by-its-list.ts'
import { reorderedLog } from './reordered-log.ts'
import { reorderedPushes } from './reordered-pushes.ts'
import { replayUnderAnotherId } from './replay-under-another-id.ts'
import { replayedMessage } from './replayed-message.ts'
import { shortenedLog } from './shortened-log.ts'
import { standaloneProposals } from './standalone-proposals.ts'
import { unlistedDevice } from './unlisted-device.ts'
import { withheldEnd } from './withheld-end.ts'
import { withheldMessage } from './withheld-message.ts'

/** Every lie about a conversation of two. */
export const DIRECT_LIES: readonly Lie[] = [
  reorderedPushes,
  reorderedLog,
  withheldMessage,
  withheldEnd,
  closedGap,
  shortenedLog,
  oldGroup,
  replayedMessage,
  replayUnderAnotherId,
  forgottenOwnMessage,
  forgedMessage,
  messageCalledOwn,
  messageOfAnotherDevice,
  standaloneProposals,
  lateMessageOfARemovedDevice,
  ghostInPassing,
  ghostInTheLog,
  ghostWithAList,
  ghostOfAThird,
  removedDeviceReturns,
  removedDeviceReturnsByItsList,
  oldDeviceList,
  otherAccountKey,
  unlistedDevice,
  packageOfAStranger,
]

/** What is special about groups. */
export const GROUP_LIES: readonly GroupLie[] = [
  groupGhostFromOutside,
  groupBrokenInto,
  groupOfAnother,
  groupGhostByAMember,
  groupRolesTaken,
  groupLeaverKept,
  groupRevokedLink,
]
