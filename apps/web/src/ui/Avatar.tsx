import type { ChatSummary } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { useState } from 'react'
import { initialsOf, nameColourOf } from '../text/initials.ts'
import { chatName } from '../text/names.ts'
import { pictureAddress } from '../text/picture.ts'
import styles from './Avatar.module.css'
import { cx } from './cx.ts'

type Size = 'tiny' | 'row' | 'small' | 'medium' | 'large'

type FaceProps = {
  readonly name: string
  /** The same colour wherever this is the same. */
  readonly seed: string
  readonly size?: Size | undefined
  /** Groups are rounded squares, people are round. */
  readonly square?: boolean
  readonly picture?: Uint8Array | null
}

/** Decorative: the name stands beside it wherever it is used. */
function Face({ name, seed, size = 'medium', square, picture = null }: FaceProps) {
  const address = picture === null ? null : pictureAddress(picture)
  const [broken, setBroken] = useState<string | null>(null)
  return (
    <span
      className={cx(
        styles.avatar,
        styles[size],
        square && styles.square,
        styles[`colour${nameColourOf(seed)}`],
      )}
      aria-hidden="true"
    >
      {address === null || address === broken ? (
        initialsOf(name)
      ) : (
        <img src={address} alt="" draggable={false} onError={() => setBroken(address)} />
      )}
    </span>
  )
}

export function Avatar({ account, size }: { readonly account: AccountSummary; readonly size?: Size }) {
  return <Face name={account.displayName || account.handle} seed={account.accountId} size={size} />
}

type GroupProps = {
  readonly name: string
  readonly picture: Uint8Array | null
  readonly seed: string
  readonly size?: Size
}

export function GroupAvatar({ name, picture, seed, size }: GroupProps) {
  return <Face name={name} seed={seed} picture={picture} size={size} square />
}

export function ChatAvatar({ chat, size }: { readonly chat: ChatSummary; readonly size?: Size }) {
  if (chat.kind === 'direct') return <Face name={chatName(chat)} seed={chat.peer.accountId} size={size} />
  return <Face name={chatName(chat)} seed={chat.id} picture={chat.group.picture} size={size} square />
}
