import {
  CryptoError,
  type DeviceListEntry,
  openVaultWithExportKey,
  type VaultContents,
  verifyDeviceList,
} from '@entangle/crypto'
import { type DeviceId, idToBytes, ProtocolError, readId } from '@entangle/protocol'
import { backoffMs } from '../account/timing.ts'
import { equalBytes, utf8Bytes } from '../bytes.ts'
import { openScratchState } from '../identity/scratch-state.ts'
import { sleep } from '../ports/clock.ts'
import { accountPrefix } from '../store/keys.ts'
import type { AnswerOf } from '../wire/api-client.ts'
import { eraseAccount, findAccountByHandle, storeEnrolling } from './account-records.ts'
import type { AccountRecord, DeviceContext } from './device-context.ts'
import { createDevice } from './device-identity.ts'
import { type PasswordProof, provePassword } from './password-proof.ts'
import type { SignedIn } from './signing-up.ts'

type Enrolment = Pick<
  Extract<AnswerOf<'finishLogin'>, { kind: 'enrol' }>,
  'account' | 'identity' | 'enrolmentGrant'
> & { readonly activeDevices?: readonly DeviceId[] }

/** This device shows that it still has its key. */
async function proveDevice({ crypto, accountStore }: DeviceContext, record: AccountRecord, loginId: string) {
  const state = await openScratchState(crypto, accountStore(accountPrefix(record.account.accountId)))
  try {
    const proof = state.signWithDeviceKey(record.signatureKey, 'entangle login', utf8Bytes(loginId))
    return { deviceId: record.deviceId, proof }
  } finally {
    state.close()
  }
}

/** Another device of the account may enrol at the same moment: who comes second follows the list of the first. */
const ATTEMPTS = 5

/**
 * The vault gives the account key, for the moment of signing the list that names this device too: beside the
 * others, or, where they are lost, in their stead.
 */
export async function enrol(
  { crypto, clock, call, root }: DeviceContext,
  { account, identity, enrolmentGrant, activeDevices = [] }: Enrolment,
  contents: VaultContents,
  others: 'stay' | 'lost',
): Promise<SignedIn> {
  const key = crypto.accountKeyFromSeeds(contents.accountSeeds)
  if (!equalBytes(key.publicKey, identity.accountKey)) throw new CryptoError('IDENTITY_OTHER_KEY')
  const list = verifyDeviceList(crypto, key.publicKey, identity.deviceList)
  // Those that gave up their place could not sign that themselves.
  const isAlive = ({ deviceId, expiresAtMs }: DeviceListEntry) =>
    activeDevices.includes(readId(deviceId)) && expiresAtMs > clock.now()
  const device = createDevice({
    crypto,
    account,
    key,
    archiveKeys: contents.archiveKeys,
    previous: {
      list: { ...list, entries: others === 'stay' ? list.entries.filter(isAlive) : [] },
      certificates: identity.certificates,
      successions: identity.successions ?? [],
    },
    nowMs: clock.now(),
  })
  await storeEnrolling(root, device.record, device.entries)
  try {
    const session = await call('enrolDevice', {
      enrolmentGrant,
      deviceId: device.record.deviceId,
      identity: { ...device.identity },
    })
    return { record: { ...device.record, account: session.account }, session }
  } catch (error) {
    if (error instanceof ProtocolError && error.retry !== 'later') await eraseAccount(root, account.accountId)
    throw error
  }
}

async function signInOnce(
  context: DeviceContext,
  input: { readonly handle: string; readonly password: string },
): Promise<SignedIn> {
  const { call, root } = context
  const { proof, exportKey }: PasswordProof = await provePassword(context, input.handle, input.password)
  const known = await findAccountByHandle(root, input.handle)
  const device = known === undefined ? undefined : await proveDevice(context, known, proof.loginId)
  const answer = await call('finishLogin', { ...proof, ...(device === undefined ? {} : { device }) })
  if (answer.kind === 'enrol') {
    const accountId = idToBytes(answer.account.accountId)
    const { contents } = openVaultWithExportKey(answer.vault.sealed, accountId, exportKey)
    return enrol(context, answer, contents, 'stay')
  }
  if (known === undefined) throw new ProtocolError('AUTH_DEVICE_UNKNOWN')
  return { record: { ...known, account: answer.session.account }, session: answer.session }
}

/** By the password, and by the device's own key where this device belongs to the account already. */
export async function signIn(
  context: DeviceContext,
  input: { readonly handle: string; readonly password: string },
): Promise<SignedIn> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await signInOnce(context, input)
    } catch (error) {
      const isOvertaken = error instanceof ProtocolError && error.code === 'KEYS_LIST_STALE'
      if (!isOvertaken || attempt === ATTEMPTS) throw error
      await sleep(context.clock, backoffMs(context.timing, attempt, context.clock.random()))
    }
  }
}
