import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'
import { CLOSE, encodeServerControl, LIMITS } from '@entangle/protocol'
import type { Clock } from '../../ports/clock.ts'
import type { Topic } from '../../ports/interest-registry.ts'
import type { ChatEvent } from '../chat-event.ts'
import { accountTopic, deviceTopic } from '../routing/audience.ts'
import type { Connection } from './connection.ts'
import { joinInPieces, wrapBinaryFrame } from './websocket-frames.ts'

/** Which connections this node holds, and who of them wants to hear of which conversation. */
export type Hub = {
  add(connection: Connection): void
  remove(connection: Connection): void
  subscribe(connection: Connection, conversationIds: readonly ConversationId[]): void
  handle(events: readonly ChatEvent[]): void
  closeAll(code: number): void
  /** Everybody is told the heads anew, a few at a time: something may have passed them by. */
  refreshHeads(): void
  stop(): void
  /** Of every device and account that has a connection. */
  topics(): Iterable<Topic>
  readonly size: number
}

/** A device has one engine; a few more sockets are the ones of a moment ago that have not been noticed dead. */
const SOCKETS_OF_DEVICE = 4
const TICK_MS = 1000
const TERMINATE_AFTER_MS = 3000
const REFRESH_WITHIN_MS = 5000

/** In the order of the log, by conversation. */
type Frames = Map<ConversationId, Buffer[]>

function removeFrom<Key>(index: Map<Key, Set<Connection>>, key: Key, connection: Connection): void {
  const entries = index.get(key)
  entries?.delete(connection)
  if (entries?.size === 0) index.delete(key)
}

/** `onSilence`: nobody listens to these here any more. */
export function createHub(clock: Clock, onSilence: (topics: readonly Topic[]) => void): Hub {
  const connections = new Set<Connection>()
  const ofDevice = new Map<DeviceId, Set<Connection>>()
  const ofAccount = new Map<AccountId, Set<Connection>>()
  const ofConversation = new Map<ConversationId, Set<Connection>>()

  function subscribe(connection: Connection, conversationIds: readonly ConversationId[]): void {
    if (!connections.has(connection)) return
    for (const conversationId of conversationIds) {
      connection.conversations.add(conversationId)
      const interested = ofConversation.get(conversationId)
      if (interested === undefined) ofConversation.set(conversationId, new Set([connection]))
      else interested.add(connection)
    }
  }

  function unsubscribe(connection: Connection, conversationId: ConversationId): void {
    connection.conversations.delete(conversationId)
    removeFrom(ofConversation, conversationId, connection)
  }

  const everyConnectionOf = (deviceIds: readonly DeviceId[]): Connection[] =>
    deviceIds.flatMap(deviceId => [...(ofDevice.get(deviceId) ?? [])])

  /** A peer that is gone does not answer the close either. */
  function end(connection: Connection, code: number): void {
    connection.close(code)
    clock.after(TERMINATE_AFTER_MS, () => connection.terminate())
  }

  /** All that one batch has for a conversation goes to one connection after the other, not frame by frame to all. */
  function deliver(frames: Frames): void {
    const isAll = frames.size === 1
    for (const [conversationId, ofOne] of frames) {
      const pieces = joinInPieces(ofOne)
      for (const connection of ofConversation.get(conversationId) ?? []) connection.deliver(pieces, isAll)
    }
  }

  function handleEvent(event: Exclude<ChatEvent, { kind: 'deliver' }>): void {
    switch (event.kind) {
      case 'forward':
        for (const connection of ofConversation.get(event.conversationId) ?? []) {
          if (connection.session.deviceId !== event.exceptDevice) connection.deliver([event.frame], false)
        }
        return
      case 'joined':
        for (const connection of everyConnectionOf(event.deviceIds))
          subscribe(connection, [event.conversationId])
        return
      case 'left':
        for (const connection of everyConnectionOf(event.deviceIds))
          unsubscribe(connection, event.conversationId)
        return
      case 'welcome': {
        const frame = wrapBinaryFrame(
          encodeServerControl({ t: 'welcome', conversationId: event.conversationId }),
        )
        for (const connection of everyConnectionOf([event.deviceId])) connection.deliver([frame], false)
        return
      }
      case 'announced':
        for (const connection of event.accountIds.flatMap(accountId => [
          ...(ofAccount.get(accountId) ?? []),
        ])) {
          if (!connection.conversations.has(event.conversationId)) connection.refreshHeads()
        }
        return
      case 'state':
        for (const connection of ofAccount.get(event.accountId) ?? []) {
          if (connection.session.deviceId === event.exceptDevice) continue
          connection.notify({ t: 'state', revision: event.revision })
        }
        return
      case 'letter':
        for (const connection of everyConnectionOf(event.deviceIds)) connection.notify({ t: 'letter' })
        return
      case 'gone': {
        const frame = wrapBinaryFrame(encodeServerControl({ t: 'gone', accountId: event.accountId }))
        for (const connection of everyConnectionOf(event.tell)) connection.deliver([frame], false)
        for (const connection of ofAccount.get(event.accountId) ?? []) end(connection, CLOSE.unauthorized)
        return
      }
      case 'sessions-ended': {
        const ended = new Set(event.sessionIds)
        for (const connection of [...connections]) {
          if (ended.has(connection.session.sessionId)) end(connection, CLOSE.unauthorized)
        }
        return
      }
      case 'device-revoked':
        for (const connection of everyConnectionOf([event.deviceId])) end(connection, CLOSE.unauthorized)
    }
  }

  let lastTickMs = clock.now()

  function tick(): void {
    const now = clock.now()
    // Somebody has set the clock back: what was measured by it begins anew, or nothing would be due for as long.
    const wasSetBack = now < lastTickMs
    lastTickMs = now
    for (const connection of [...connections]) {
      if (wasSetBack) connection.measureFrom(now)
      connection.checkPatience(now)
      if (now - connection.lastPingMs < LIMITS.pingIntervalMs) continue
      if (connection.awaitsPong) connection.terminate()
      else connection.ping()
    }
  }
  let stopTicking: () => void = () => undefined
  const keepTicking = () => {
    stopTicking = clock.after(TICK_MS, () => {
      tick()
      keepTicking()
    })
  }
  keepTicking()

  return {
    subscribe,
    add(connection) {
      connections.add(connection)
      const { accountId, deviceId } = connection.session
      ofAccount.set(accountId, (ofAccount.get(accountId) ?? new Set()).add(connection))
      const siblings = ofDevice.get(deviceId) ?? new Set()
      ofDevice.set(deviceId, siblings.add(connection))
      const [oldest] = siblings
      if (siblings.size > SOCKETS_OF_DEVICE && oldest !== undefined) end(oldest, 1001)
    },
    remove(connection) {
      connections.delete(connection)
      for (const conversationId of [...connection.conversations]) unsubscribe(connection, conversationId)
      const { accountId, deviceId } = connection.session
      removeFrom(ofAccount, accountId, connection)
      removeFrom(ofDevice, deviceId, connection)
      const silent = [
        ...(ofDevice.has(deviceId) ? [] : [deviceTopic(deviceId)]),
        ...(ofAccount.has(accountId) ? [] : [accountTopic(accountId)]),
      ]
      if (silent.length > 0) onSilence(silent)
    },
    handle(events) {
      let frames: Frames = new Map()
      for (const event of events) {
        if (event.kind === 'deliver') {
          const ofOne = frames.get(event.conversationId)
          if (ofOne === undefined) frames.set(event.conversationId, [event.frame])
          else ofOne.push(event.frame)
          continue
        }
        // Who joins or leaves does so at its place among the deliveries.
        deliver(frames)
        frames = new Map()
        handleEvent(event)
      }
      deliver(frames)
    },
    refreshHeads() {
      for (const connection of connections)
        clock.after(Math.random() * REFRESH_WITHIN_MS, () => connection.refreshHeads())
    },
    closeAll(code) {
      for (const connection of [...connections]) end(connection, code)
    },
    stop() {
      stopTicking()
      for (const connection of [...connections]) connection.terminate()
    },
    *topics() {
      for (const deviceId of ofDevice.keys()) yield deviceTopic(deviceId)
      for (const accountId of ofAccount.keys()) yield accountTopic(accountId)
    },
    get size() {
      return connections.size
    },
  }
}
