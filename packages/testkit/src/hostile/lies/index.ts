import type { Lie } from '../scene.ts'
import { forgedMessage } from './forged-message.ts'
import { ghostInPassing } from './ghost-in-passing.ts'
import { ghostInTheLog } from './ghost-in-the-log.ts'
import { ghostOfAThird } from './ghost-of-a-third.ts'
import { ghostWithAList } from './ghost-with-a-list.ts'
import { oldDeviceList } from './old-device-list.ts'
import { otherAccountKey } from './other-account-key.ts'
import { packageOfAStranger } from './package-of-a-stranger.ts'
import { removedDeviceReturns } from './removed-device-returns.ts'
import { removedDeviceReturnsByItsList } from './removed-device-returns-by-its-list.ts'
import { reorderedPushes } from './reordered-pushes.ts'
import { unlistedDevice } from './unlisted-device.ts'

/** Every lie about a conversation of two. */
export const DIRECT_LIES: readonly Lie[] = [
  reorderedPushes,
  forgedMessage,
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
