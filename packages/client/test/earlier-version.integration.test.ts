import { createSealer } from '@entangle/crypto'
import { openDatabaseView } from '@entangle/testkit/harness'
import { expect, inject, test } from 'vitest'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import { prefixRange } from '../src/ports/key-value-store.ts'
import type { AccountRecord } from '../src/session/device-context.ts'
import { accountPrefix, deviceKeys } from '../src/store/keys.ts'
import { createSealedStore, record } from '../src/store/sealed-store.ts'
import { type Device, newDevice, startMortal } from './support/mortal.ts'
import { newPerson, PASSWORD, until } from './support/person.ts'

const server = inject('server')

async function change(...texts: readonly [database: string, text: string][]) {
  const view = await openDatabaseView(server.dataDir)
  for (const [database, text] of texts) await view.query(database, text)
  await view.close()
}

/** Takes back what this version has added to the device. */
async function age(device: Device, accountId: AccountRecord['account']['accountId']) {
  const store = createMemoryKeyValueStore(device.medium)
  const root = createSealedStore(store, createSealer(device.key), '', await store.acquireFence())
  const key = deviceKeys.account(accountId)
  const known = await root.readRecord(key, value => value as AccountRecord)
  if (known === undefined) throw new Error('no account')
  const { archiveKey: _, ...earlier } = known
  await root.write({
    clears: [
      prefixRange(`${accountPrefix(accountId)}archive-`),
      prefixRange(`${accountPrefix(accountId)}state`),
    ],
    puts: [record(key, earlier)],
  })
}

test('P27 P38 an account of an earlier version: its history is archived and its phrase works once it was read', async () => {
  const b = await newPerson(server.url, 'since')
  const device = newDevice()
  const timing = { archiveDelay: 50, stateDelay: 50 }
  const start = (on: Device) => startMortal({ serverUrl: server.url, device: on, timing })
  const handle = `earlier${Math.floor(Math.random() * 1e6)}`
  const first = await start(device)
  await first.request('signUp', { handle, displayName: 'Earlier', password: PASSWORD })
  const session = await until({ on: first.on }, 'session', state => state.phase === 'signed-in')
  if (session.phase !== 'signed-in') throw new Error('not signed in')
  const peer = await first.request('findAccount', { handle: b.handle })
  const chatId = await first.request('openDirectChat', { accountId: peer.accountId })
  await first.request('sendText', { chatId, text: 'said long ago' })
  await b.untilChat(handle, chat => chat.last?.text === 'said long ago')
  await first.subscriber.close()
  await first.bury()
  await age(device, session.account.accountId)
  await change(
    ['entangle_users', `UPDATE account SET recovery_key = NULL WHERE handle = '${handle}'`],
    ['entangle_chat', 'DELETE FROM archive_record'],
    ['entangle_chat', 'DELETE FROM account_state'],
  )

  const updated = await start(device)
  await until({ on: updated.on }, 'connection', state => state.phase === 'online')
  const { words } = await updated.request('readRecoveryPhrase', { password: PASSWORD })
  await until({ on: updated.on }, 'connection', state => state.phase === 'online')
  await new Promise(resolve => setTimeout(resolve, 1_000))
  await updated.bury()

  const fresh = await start(newDevice())
  const newPassword = 'a password of these days'
  await fresh.request('recoverAccount', { handle, phrase: words.join(' '), newPassword })
  const chats = await until({ on: fresh.on }, 'chats', all => all.some(chat => chat.last !== null))
  expect(chats.map(chat => [chat.last?.text, chat.standing])).toEqual([['said long ago', 'accepted']])
  await fresh.bury()
  await b.leave()
}, 60_000)
