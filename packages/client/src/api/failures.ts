import { EngineError, type EngineErrorData } from './engine-api.ts'

/** Failures that are the engine's own. Sentences are for the person in front of the screen. */
export const ENGINE_FAILURES = {
  ENGINE_OFFLINE: {
    message: 'The server cannot be reached right now. Check the connection and try again.',
    retry: 'later',
  },
  ENGINE_OFFLINE_SIGNUP: {
    message: 'Signing up needs a connection to the server, which cannot be reached right now.',
    retry: 'later',
  },
  ENGINE_OFFLINE_SIGNIN: {
    message: 'Signing in needs a connection to the server, which cannot be reached right now.',
    retry: 'later',
  },
  ENGINE_OFFLINE_ERASE: {
    message:
      'Erasing this device needs a connection, so that its place is given up on the server too. Try again when you are online.',
    retry: 'later',
  },
  ENGINE_HANDLE_INVALID: {
    message:
      'A name has 3 to 32 characters: small letters, digits, dot, dash and underscore, beginning with a letter or digit.',
    retry: 'after-change',
  },
  ENGINE_DISPLAY_NAME_INVALID: {
    message: 'The display name must have 1 to 64 characters and no control characters.',
    retry: 'after-change',
  },
  ENGINE_PASSWORD_SHORT: {
    message: 'The password needs at least 8 characters.',
    retry: 'after-change',
  },
  ENGINE_PASSWORD_LONG: {
    message: 'The password may have at most 256 characters.',
    retry: 'after-change',
  },
  ENGINE_PASSWORD_WEAK: {
    message: 'This password is easy to guess. Choose a longer one, or several unrelated words.',
    retry: 'after-change',
  },
  ENGINE_PASSWORD_LIKE_NAME: {
    message: 'The password must not be made of your own name.',
    retry: 'after-change',
  },
  ENGINE_PASSWORD_SAME: {
    message: 'The new password is the same as the present one.',
    retry: 'after-change',
  },
  ENGINE_SIGNED_OUT: { message: 'Sign in first.', retry: 'after-change' },
  ENGINE_SIGNED_IN: { message: 'Sign out of the present account first.', retry: 'after-change' },
  ENGINE_BUSY: { message: 'Another sign-in is still under way.', retry: 'later' },
  ENGINE_STARTING: { message: 'The chat is still starting. Try again in a moment.', retry: 'later' },
  ENGINE_CLOSED: { message: 'The chat was closed.', retry: 'never' },
  ENGINE_OTHER_WRITER: {
    message: 'The chat is open in another window that has taken over. Continue there or reload this one.',
    retry: 'later',
  },
  ENGINE_STORE_FAILED: {
    message: 'This device could not save. Free some space and try again.',
    retry: 'later',
  },
  ENGINE_CHAT_UNKNOWN: { message: 'This chat does not exist on this device.', retry: 'never' },
  ENGINE_CHAT_BLOCKED: {
    message: 'You have blocked this person. Unblock them to write.',
    retry: 'after-change',
  },
  ENGINE_CHAT_SELF: { message: 'You cannot open a chat with yourself.', retry: 'never' },
  ENGINE_TEXT_EMPTY: { message: 'There is nothing to send.', retry: 'after-change' },
  ENGINE_TEXT_TOO_LONG: {
    message: 'This message is too long. Split it into shorter ones.',
    retry: 'after-change',
  },
  ENGINE_MESSAGE_UNKNOWN: { message: 'This message is not waiting to be sent any more.', retry: 'never' },
  ENGINE_MESSAGE_IN_FLIGHT: {
    message: 'This message is on its way and may have arrived already, so it cannot be taken back.',
    retry: 'later',
  },
  ENGINE_IDENTITY_CHANGED: {
    message: 'The identity of this person does not match what this device remembers. Nothing was sent.',
    retry: 'after-change',
  },
  ENGINE_SAFETY_NUMBER_OTHER: {
    message: 'This is not the safety number any more. Read it again and compare it anew.',
    retry: 'after-change',
  },
  ENGINE_IDENTITY_UNKNOWN: {
    message: 'There is no verified identity of this person yet. Write to them first.',
    retry: 'later',
  },
  ENGINE_PHRASE_INVALID: {
    message: 'These are not the twelve words of a recovery phrase. Check their spelling and order.',
    retry: 'after-change',
  },
  ENGINE_SETTING_INVALID: { message: 'This setting cannot be stored.', retry: 'never' },
  ENGINE_DEVICE_UNKNOWN: { message: 'This device does not belong to the account any more.', retry: 'never' },
  ENGINE_DEVICE_CURRENT: {
    message: 'This is the device in front of you. Sign out to remove it.',
    retry: 'after-change',
  },
  ENGINE_DEVICE_NAME_INVALID: {
    message: 'The name of a device must have 1 to 64 characters and no control characters.',
    retry: 'after-change',
  },
  ENGINE_GROUP_BUSY: {
    message: 'The group has not answered yet. Look again in a moment; it may still happen.',
    retry: 'later',
  },
  ENGINE_GROUP_ROLE: { message: 'Your role in this group does not allow that.', retry: 'never' },
  ENGINE_GROUP_LAST_OWNER: {
    message: 'A group needs an owner. Make somebody else owner first.',
    retry: 'after-change',
  },
  ENGINE_GROUP_PRESENT: { message: 'You are still in this group. Leave it first.', retry: 'after-change' },
  ENGINE_GROUP_OVER: { message: 'You are not in this group any more.', retry: 'never' },
  ENGINE_GROUP_NAME_INVALID: {
    message: 'The name of a group must have 1 to 64 characters and no control characters.',
    retry: 'after-change',
  },
  ENGINE_GROUP_TOPIC_INVALID: {
    message: 'The topic of a group may have at most 512 characters.',
    retry: 'after-change',
  },
  ENGINE_GROUP_PICTURE_INVALID: {
    message: 'The picture must be a JPEG, PNG or WebP file of at most 10 kB.',
    retry: 'after-change',
  },
  ENGINE_GROUP_MEMBER_UNKNOWN: { message: 'This person is not in the group.', retry: 'never' },
  ENGINE_GROUP_MANAGERS_FULL: {
    message: 'The group has as many owners or admins as it can have.',
    retry: 'after-change',
  },
  ENGINE_GROUP_INVITES_FULL: {
    message: 'The group has as many links as it can have. Revoke one first.',
    retry: 'after-change',
  },
  ENGINE_INVITE_INVALID: {
    message: 'This is no invite link, or it was revoked.',
    retry: 'never',
  },
  ENGINE_REQUEST_UNKNOWN: { message: 'This version of the application cannot do that.', retry: 'never' },
  ENGINE_UNEXPECTED: { message: 'Something went wrong. Try again.', retry: 'later' },
} as const satisfies Record<string, Omit<EngineErrorData, 'code'>>

export type EngineFailureCode = keyof typeof ENGINE_FAILURES

export const engineFailure = (code: EngineFailureCode): EngineError =>
  new EngineError({ code, ...ENGINE_FAILURES[code] })
