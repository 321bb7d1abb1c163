import { LIMITS } from '@entangle/protocol/limits'
import { isUnsafeInName } from '../text/unsafe-name.ts'

export function checkGroupName(name: string): string | null {
  const { length } = name.normalize('NFC').trim()
  if (length === 0) return 'Give the group a name.'
  if (length > LIMITS.groupNameLength) return `Use at most ${LIMITS.groupNameLength} characters.`
  return isUnsafeInName(name) ? 'Use letters, digits and ordinary signs only.' : null
}

export function checkGroupTopic(topic: string): string | null {
  return topic.normalize('NFC').trim().length > LIMITS.groupTopicLength
    ? `Use at most ${LIMITS.groupTopicLength} characters.`
    : null
}
