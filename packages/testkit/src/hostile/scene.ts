import type { Crypto, DeviceState } from '@entangle/crypto'
import type { AccountId, ConversationId, DeviceId, InviteId } from '@entangle/protocol'
import type { Attacker } from './attacker.ts'
import type { HostileServer } from './hostile-server.ts'

type Somebody = { readonly accountId: AccountId; readonly handle: string; readonly deviceId: DeviceId }

/** What a lie can see and bring about. The victim talks to the double, everybody else to the real server. */
export type Scene = {
  readonly crypto: Crypto
  readonly double: HostileServer
  readonly conversationId: ConversationId
  readonly victim: Somebody
  readonly peer: Somebody
  readonly peerSays: (text: string) => Promise<void>
  readonly victimSays: (text: string) => Promise<void>
  /** The peer signs in on one more device, which joins the conversation. */
  readonly peerAddsDevice: () => Promise<void>
  /** And puts it out again. Answers with everything that the device held before, in a thief's hands. */
  readonly peerLosesDevice: () => Promise<Thief>
  /** The victim signs in on one more device, by way of the double. */
  readonly victimAddsDevice: () => Promise<void>
}

export type Thief = {
  readonly accountId: AccountId
  /** All of its MLS state, as it was when it was taken. */
  readonly state: DeviceState
  /** Its signature key alone: what it takes to come in anew. */
  readonly fresh: DeviceState
  readonly deviceId: DeviceId
  readonly signatureKey: Uint8Array
  readonly credential: Uint8Array
}

/** A group of four: the peer owns it, the victim and two others are plain members. */
export type GroupScene = Scene & {
  /** The third member's device, in other hands from now on. */
  readonly memberTurns: () => Promise<Thief>
  /** The fourth says that they leave, and the others take them out. */
  readonly memberLeaves: () => Promise<void>
  /** A link that was open for a while. */
  readonly revokedLink: () => Promise<{ readonly inviteId: InviteId; readonly secret: Uint8Array }>
  /** Who is in no group. */
  readonly outsider: Pick<Somebody, 'accountId' | 'handle'>
}

/** What the victim's client makes of a lie. */
export type Shown = {
  /** `stopped`: nothing is encrypted any more. `goes-on`: it reaches the peer. */
  readonly sending: 'stopped' | 'goes-on'
  /** What the person is told at the chat. */
  readonly warning?: 'identity-changed'
  readonly doubt?: 'record-contradicted'
  /** Of a group. */
  readonly phase?: 'checking' | 'repairing'
  /** A diagnostic note that begins so. */
  readonly note?: string
  /** The end of the timeline: texts, or the kind of what is no text. */
  readonly rows?: readonly string[]
}

export type Lie<On extends Scene = Scene> = {
  /** Completes 'a server that …'. */
  readonly name: string
  /** The rule of docs/protocol.md that it runs into. */
  readonly rule: string
  /** Of the twelve that a client or server easily makes: the number of the one that lets it pass. */
  readonly mistake?: number
  /** 'known': the peer's identity is pinned and nothing was written yet. Else two people have talked. */
  readonly stage?: 'known'
  readonly shows: Shown
  /** Texts of before are 'hello' and 'hello back'. Answers with whoever hopes to read. */
  readonly tell: (scene: On) => Promise<Attacker>
}

export type GroupLie = Lie<GroupScene>
