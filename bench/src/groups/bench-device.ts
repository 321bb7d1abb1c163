import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type CommitBundle,
  type DeviceState,
  encodeCredential,
  loadCrypto,
  randomBytes,
} from '@entangle/crypto'

const wasmPath = fileURLToPath(import.meta.resolve('@entangle/crypto/entangle.wasm'))
export const crypto = await loadCrypto(new Uint8Array(readFileSync(wasmPath)))

const credentialOf = () =>
  encodeCredential({
    accountId: randomBytes(16),
    deviceId: randomBytes(16),
    certificateHash: randomBytes(32),
  })

/** One device with its entries as a store would hold them; it counts what each write changes. */
export class BenchDevice {
  readonly state: DeviceState = crypto.openDeviceState()
  readonly entries = new Map<string, number>()
  readonly credential = credentialOf()
  readonly signatureKey = this.state.createSignatureKey()
  /** Of the last write: bytes of keys and values, and milliseconds to serialise them. */
  changed = { bytes: 0, ms: 0 }

  save(): void {
    const started = performance.now()
    const changes = this.state.takeChanges()
    const ms = performance.now() - started
    let bytes = 0
    for (const { key, value } of changes) {
      bytes += key.length + (value?.length ?? 0)
      if (value === null) this.entries.delete(key)
      else this.entries.set(key, value.length)
    }
    this.state.accept()
    this.changed = { bytes, ms }
  }

  /** All that is stored of groups: what a state written whole would cost each time. */
  get storedBytes(): number {
    let bytes = 0
    for (const [key, length] of this.entries) if (key.startsWith('g/')) bytes += key.length + length
    return bytes
  }

  keyPackage(): Uint8Array {
    const { signatureKey, credential } = this
    const [made] = this.state.createKeyPackages({ signatureKey, credential, count: 1, lastResort: false })
    if (made === undefined) throw new TypeError('no key package was made')
    this.save()
    return made.keyPackage
  }

  create(groupId: Uint8Array): void {
    const { signatureKey, credential } = this
    this.state.createGroup({ groupId, signatureKey, credential, groupData: new Uint8Array([0]) })
    this.save()
  }

  add(groupId: Uint8Array, packages: readonly Uint8Array[]): CommitBundle {
    const bundle = this.state.commit(groupId, { add: packages })
    this.state.mergePendingCommit(groupId)
    this.save()
    return bundle
  }

  join(welcome: Uint8Array, ratchetTree: Uint8Array): void {
    this.state.stageWelcome(welcome, ratchetTree)
    this.state.acceptWelcome()
    this.save()
  }

  send(groupId: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const message = this.state.encrypt(groupId, plaintext, randomBytes(16))
    this.save()
    return message
  }

  receive(groupId: Uint8Array, message: Uint8Array): void {
    const processed = this.state.processMessage(groupId, message)
    if (processed.kind === 'failure') throw new TypeError(processed.detail)
    if (processed.kind === 'commit') this.state.mergeStagedCommit(groupId)
    this.save()
  }
}

/** Key packages of as many devices, each with an account of its own; their private parts are thrown away. */
export function crowdPackages(count: number): Uint8Array[] {
  const state = crypto.openDeviceState()
  const packages = Array.from({ length: count }, () => {
    const made = state.createKeyPackages({
      signatureKey: state.createSignatureKey(),
      credential: credentialOf(),
      count: 1,
      lastResort: false,
    })
    return made.map(({ keyPackage }) => keyPackage)
  })
  state.discard()
  state.close()
  return packages.flat()
}
