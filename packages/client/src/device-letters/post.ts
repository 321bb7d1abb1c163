import { CryptoError, verifyArchiveKeyStatement } from '@entangle/crypto'
import { type DeviceId, idToBytes } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import { claimOf } from '../conversations/claiming.ts'
import { IdentityMismatch, refreshContact } from '../identity/directory.ts'
import { ALL_FRESH, assertLeaf } from '../identity/leaf-check.ts'
import { openScratchState } from '../identity/scratch-state.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import { createRepeatable } from '../sync/repeatable.ts'
import { stageKeys } from './keys.ts'
import { LetterRefused, openLetter, writeLetter } from './letter.ts'
import { type LettersDue, settleRotation } from './rotation.ts'

// Out

/** Each try takes a key package of every device of the account, so they become ever rarer. */
const AGAIN = { least: 60_000, most: 6 * 3600 * 1000 }

/** Answers whether somebody has still to be told: who has no key package yet, or none left. */
async function sendDue(context: AccountContext): Promise<boolean> {
  const { calls, crypto, ledger, records, self } = context
  const isListed = (deviceId: DeviceId) => {
    const bytes = idToBytes(deviceId)
    return context.contacts.get(self.accountId)?.list.entries.some(entry => equalBytes(entry.deviceId, bytes))
  }
  const due = await records.readRecord(accountKeys.lettersDue, value => value as LettersDue)
  if (due === undefined) return false
  const waiting = due.devices.filter(isListed)
  const packages = waiting.length === 0 ? [] : await claimOf(context, self.accountId)
  const scratch = await openScratchState(crypto, records)
  try {
    const content = { v: 1, kind: 'archive-keys', statement: due.statement } as const
    const letters = packages
      .filter(({ deviceId }) => waiting.includes(deviceId))
      .map(({ deviceId, keyPackage }) => ({
        deviceId,
        letter: writeLetter(scratch, self, keyPackage, content),
      }))
    if (letters.length > 0) await calls.call('sendDeviceLetters', { letters })
    const devices = waiting.filter(each => !letters.some(({ deviceId }) => deviceId === each))
    await ledger.transact(async transaction => {
      const present = await records.readRecord(accountKeys.lettersDue, value => value as LettersDue)
      // A later rotation has more to tell.
      if (present === undefined || !equalBytes(present.statement, due.statement)) return
      if (devices.length === 0) transaction.remove(accountKeys.lettersDue)
      else transaction.put(accountKeys.lettersDue, { ...due, devices } satisfies LettersDue)
    })
    return devices.length > 0
  } finally {
    scratch.close()
  }
}

// In

/** Part of a transaction: what a letter says is stored with the state that opened it, or nothing is. */
function follow(context: AccountContext, transaction: Transaction, letter: Uint8Array): void {
  const { clock, contacts, crypto, self } = context
  const check = { self, contacts, nowMs: clock.now(), fresh: ALL_FRESH }
  const { statement } = openLetter(transaction.mls, self, letter, leaf => assertLeaf(check, leaf))
  const own = contacts.get(self.accountId)
  if (own === undefined) throw new Error('the own identity is not known')
  const said = verifyArchiveKeyStatement(crypto, own.record.accountKey, statement)
  // Signed by the account key, and yet the directory does not show its list: it will have to.
  if (said.listVersion > own.list.version) throw new Error('the list of a letter is not known yet')
  const isOther = said.listVersion === own.list.version && !equalBytes(said.listHash, own.list.hash)
  if (isOther || !equalBytes(said.accountId, idToBytes(self.accountId))) throw new LetterRefused('other keys')
  stageKeys(context, transaction, said.archiveKeys)
}

const isFinal = (error: unknown): boolean =>
  error instanceof LetterRefused ||
  error instanceof IdentityMismatch ||
  (error instanceof CryptoError && error.code !== 'CRYPTO_INSTANCE_LOST')

/** One letter that fails keeps none of the others waiting. */
async function readLetters(context: AccountContext): Promise<void> {
  const { calls, diagnostics, ledger, self } = context
  const { letters } = await calls.call('listDeviceLetters', {})
  if (letters.length === 0) return
  await refreshContact(context, self.accountId)
  let failure: unknown
  for (const { letterId, letter } of letters) {
    try {
      await ledger.transact(transaction => follow(context, transaction, letter))
    } catch (error) {
      if (!isFinal(error)) {
        failure = error
        continue
      }
      diagnostics.note('LETTER_REFUSED', error)
    }
    await calls.call('settleDeviceLetter', { letterId })
  }
  if (failure !== undefined) throw failure
}

/** Letters between the devices of this account: those that are due go out, those that wait are followed. */
export function createPost(context: AccountContext) {
  const { records, self } = context
  let tries = 0
  const outgoing = createRepeatable(context, {
    code: 'LETTERS_NOT_SENT',
    work: async () => {
      if ((await records.get(accountKeys.rotation)) !== undefined) {
        await refreshContact(context, self.accountId)
        await settleRotation(context)
      }
      const isDone = !(await sendDue(context))
      // They may stay away for long, and this connection may last as long.
      if (!isDone) outgoing.wantIn(Math.min(AGAIN.most, AGAIN.least * 2 ** tries))
      tries = isDone ? 0 : tries + 1
      return false
    },
  })
  const incoming = createRepeatable(context, {
    code: 'LETTERS_NOT_READ',
    work: async () => {
      // Before any key was known here, only the password brings one.
      if (context.keyRing.current() !== null) await readLetters(context)
      return false
    },
  })
  return {
    connected(waiting: number): void {
      outgoing.want()
      if (waiting > 0) incoming.want()
    },
    letterCame: incoming.want,
    send: outgoing.want,
    stop(): void {
      outgoing.stop()
      incoming.stop()
    },
  }
}
export type Post = ReturnType<typeof createPost>
