import {
  type Crypto,
  CryptoError,
  createDeviceCertificate,
  createDeviceList,
  type DeviceState,
  encodeCredential,
  randomBytes,
  unpad,
} from '@entangle/crypto'
import {
  type AccountId,
  type DeviceId,
  idToBytes,
  type PublicIdentity,
  parseContent,
  readId,
} from '@entangle/protocol'
import type { Said } from './hostile-server.ts'
import type { RequestOf } from './operation-wire.ts'

/** Somebody outside who would like to read, with an MLS state of their own. */
export type Attacker = {
  /** Tries everything that was said, in order, with all keys it has. Answers with the texts that opened. */
  reads(said: readonly Said[]): string[]
}

/** Failures of the library are what an attacker has to expect. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}

function textOf(plaintext: Uint8Array): string {
  const content = attempt(() => parseContent(unpad(plaintext)))
  return content?.known && content.event.kind === 'text' ? content.event.text : 'something'
}

export function attackerWith(state: DeviceState): Attacker {
  const follow = (conversationId: Uint8Array, bytes: Uint8Array): string[] => {
    const opened = attempt(() => state.processMessage(conversationId, bytes))
    if (opened?.kind === 'application') return [textOf(opened.plaintext)]
    if (opened?.kind === 'commit') attempt(() => state.mergeStagedCommit(conversationId))
    return []
  }
  const enter = ({ welcomes, ratchetTree }: RequestOf<'createConversation'>) => {
    for (const { welcome } of welcomes) {
      attempt(() => {
        state.stageWelcome(welcome, ratchetTree)
        state.acceptWelcome()
      })
    }
  }
  return {
    reads: said =>
      said.flatMap(one => {
        if (one.kind === 'message') return follow(idToBytes(one.send.conversationId), one.send.body)
        const { name, request } = one.call
        if (name === 'createConversation') enter(request as RequestOf<'createConversation'>)
        if (name !== 'submitCommit') return []
        const { conversationId, commit } = request as RequestOf<'submitCommit'>
        return follow(idToBytes(conversationId), commit)
      }),
  }
}

/** Who has the keys of several. */
export const attackerWithAll = (states: readonly DeviceState[]): Attacker => {
  const attackers = states.map(attackerWith)
  return { reads: said => attackers.flatMap(({ reads }) => reads(said)) }
}

/** A device that says it belongs to an account, and an identity that vouches for it, under the attacker's own account key. */
export type Impostor = Attacker & {
  readonly state: DeviceState
  readonly deviceId: DeviceId
  readonly signatureKey: Uint8Array
  readonly credential: Uint8Array
  readonly identity: PublicIdentity
  readonly keyPackage: Uint8Array
}

const DAY_MS = 24 * 3600 * 1000

export function createImpostor(
  crypto: Crypto,
  claims: { readonly accountId: AccountId; readonly handle: string },
): Impostor {
  const state = crypto.openDeviceState()
  const key = crypto.createAccountKey()
  const signatureKey = state.createSignatureKey()
  const device = { accountId: idToBytes(claims.accountId), deviceId: randomBytes(16) }
  const fields = {
    ...device,
    signatureKey,
    suite: crypto.suite,
    createdAtMs: Date.now() - DAY_MS,
    expiresAtMs: Date.now() + DAY_MS,
  }
  const certificate = createDeviceCertificate(crypto, key, fields)
  const certificateHash = certificate.hash
  const list = createDeviceList(crypto, key, {
    accountId: device.accountId,
    handle: claims.handle,
    entries: [{ ...fields, certificateHash }],
  })
  const credential = encodeCredential({ ...device, certificateHash })
  const [made] = state.createKeyPackages({ signatureKey, credential, count: 1, lastResort: false })
  if (made === undefined) throw new Error('no key package')
  return {
    ...attackerWith(state),
    state,
    deviceId: readId(device.deviceId),
    signatureKey,
    credential,
    identity: { accountKey: key.publicKey, deviceList: list.bytes, certificates: [certificate.bytes] },
    keyPackage: made.keyPackage,
  }
}
