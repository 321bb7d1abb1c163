import { readFileSync } from 'node:fs'
import {
  type AccountSecretKey,
  type CommitBundle,
  type Crypto,
  createDeviceCertificate,
  createDeviceList,
  type DeviceCertificate,
  type DeviceState,
  encodeCredential,
  loadCrypto,
  type ProcessedMessage,
  randomBytes,
  type StagedCommitMessage,
  type StateEntry,
  type VerifiedDeviceList,
} from '../../src/index.ts'

const wasm = readFileSync(new URL('../../wasm/entangle_crypto_bg.wasm', import.meta.url))
export const crypto: Crypto = await loadCrypto(new Uint8Array(wasm))

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const fromText = (value: Uint8Array): string => new TextDecoder().decode(value)
export const NOTHING: Uint8Array = new Uint8Array()
export const ROLES = text('roles v1')
export const YEAR_MS = 365 * 24 * 3600 * 1000

/** The host's store: takes a change set whole or not at all. */
export class HostStore {
  readonly entries = new Map<string, Uint8Array>()
  lastWriteBytes = 0

  write(state: DeviceState): void {
    this.lastWriteBytes = 0
    for (const { key, value } of state.takeChanges()) {
      if (value === null) this.entries.delete(key)
      else this.entries.set(key, value)
      this.lastWriteBytes += key.length + (value?.length ?? 0)
    }
    state.accept()
  }

  list(): StateEntry[] {
    return [...this.entries].map(([key, value]) => ({ key, value }))
  }
}

/** A device with its account, as a client would keep it. */
export class Device {
  readonly store = new HostStore()
  state: DeviceState
  readonly accountId = randomBytes(16)
  readonly deviceId = randomBytes(16)
  readonly account: AccountSecretKey
  readonly signatureKey: Uint8Array
  readonly certificate: DeviceCertificate
  readonly list: VerifiedDeviceList
  readonly credential: Uint8Array
  /** Reopen the state from stored entries after every saved step. */
  reloads = false

  constructor(handle: string) {
    this.state = crypto.openDeviceState()
    this.account = crypto.createAccountKey()
    this.signatureKey = this.state.createSignatureKey()
    const now = Date.now()
    this.certificate = createDeviceCertificate(crypto, this.account, {
      accountId: this.accountId,
      deviceId: this.deviceId,
      signatureKey: this.signatureKey,
      suite: crypto.suite,
      createdAtMs: now,
      expiresAtMs: now + YEAR_MS,
    })
    this.list = createDeviceList(crypto, this.account, {
      accountId: this.accountId,
      handle,
      entries: [
        {
          deviceId: this.deviceId,
          certificateHash: this.certificate.hash,
          signatureKey: this.signatureKey,
          suite: crypto.suite,
          expiresAtMs: this.certificate.expiresAtMs,
        },
      ],
    })
    this.credential = encodeCredential({
      accountId: this.accountId,
      deviceId: this.deviceId,
      certificateHash: this.certificate.hash,
    })
    this.save()
  }

  save(): void {
    this.store.write(this.state)
    if (this.reloads) this.reload()
  }

  reload(): void {
    this.state.close()
    this.state = crypto.openDeviceState(this.store.list())
  }

  keyPackage(lastResort = false): Uint8Array {
    const [made] = this.state.createKeyPackages({
      signatureKey: this.signatureKey,
      credential: this.credential,
      count: 1,
      lastResort,
    })
    if (!made) throw new Error('no key package')
    this.save()
    return made.keyPackage
  }

  create(groupId: Uint8Array): void {
    this.state.createGroup({
      groupId,
      signatureKey: this.signatureKey,
      credential: this.credential,
      groupData: ROLES,
    })
    this.save()
  }

  join(groupId: Uint8Array, bundle: CommitBundle, welcome: Uint8Array): void {
    const staged = this.state.stageWelcome(welcome, bundle.ratchetTree)
    if (Buffer.compare(staged.groupId, groupId) !== 0) throw new Error('another group')
    this.state.acceptWelcome()
    this.save()
  }

  send(groupId: Uint8Array, message: string, authenticatedData = NOTHING): Uint8Array {
    const sent = this.state.encrypt(groupId, text(message), authenticatedData)
    this.save()
    return sent
  }

  receive(groupId: Uint8Array, message: Uint8Array, proposals: readonly Uint8Array[] = []): ProcessedMessage {
    const processed = this.state.processMessage(groupId, message, proposals)
    this.save()
    return processed
  }

  /** The text of an application message, or the code of the refusal. */
  read(groupId: Uint8Array, message: Uint8Array): string {
    const processed = this.receive(groupId, message)
    if (processed.kind === 'application') return fromText(processed.plaintext)
    return processed.kind === 'failure' ? processed.code : processed.kind
  }

  /** Verifies a commit and merges it. */
  follow(
    groupId: Uint8Array,
    commit: Uint8Array,
    proposals: readonly Uint8Array[] = [],
  ): StagedCommitMessage {
    const processed = this.state.processMessage(groupId, commit, proposals)
    if (processed.kind !== 'commit') throw new Error(JSON.stringify(processed))
    this.state.mergeStagedCommit(groupId)
    this.save()
    return processed
  }

  authenticator(groupId: Uint8Array): string {
    return Buffer.from(this.state.groupStatus(groupId)?.epochAuthenticator ?? NOTHING).toString('hex')
  }
}

/** Adds devices in one commit, merges it, and lets them join. `others` follow. */
export function addAll(
  groupId: Uint8Array,
  adder: Device,
  joiners: readonly Device[],
  others: readonly Device[] = [],
): CommitBundle {
  const bundle = adder.state.commit(groupId, { add: joiners.map(joiner => joiner.keyPackage()) })
  adder.save()
  adder.state.mergePendingCommit(groupId)
  adder.save()
  for (const other of others) other.follow(groupId, bundle.commit)
  joiners.forEach((joiner, at) => {
    const welcome = bundle.welcomes[at]
    if (!welcome) throw new Error('no welcome')
    joiner.join(groupId, bundle, welcome.welcome)
  })
  return bundle
}
