import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import {
  type AccountSecretKey,
  type Crypto,
  createDeviceCertificate,
  createDeviceList,
  createSuccession,
  type DeviceCertificate,
  type DeviceState,
  encodeCredential,
  firstDeviceListOfKey,
  loadCrypto,
  nextDeviceList,
  renewDeviceCertificate,
  type VerifiedDeviceList,
} from '@entangle/crypto'
import type {
  AccountId,
  ConversationHead,
  ConversationId,
  DeviceId,
  GroupData,
  MessageId,
  PublicIdentity,
  SealedVault,
  Session,
} from '@entangle/protocol'
import { encodeGroupData, idToBytes } from '@entangle/protocol'
import { client as opaque, ready } from '@serenity-kit/opaque'
import { Api } from './api.ts'

const wasm = createRequire(import.meta.url).resolve('@entangle/crypto/entangle.wasm')
let loading: Promise<Crypto> | undefined
export const crypto = (): Promise<Crypto> => {
  loading ??= readFile(wasm).then(loadCrypto)
  return loading
}

export const randomId = <Id extends string>(): Id => randomBytes(16).toString('hex') as Id
/** The work factor is the client's choice; tests take the least. */
const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } } as const
const YEAR_MS = 365 * 24 * 3600 * 1000
const VAULT: SealedVault = {
  sealed: new Uint8Array(64).fill(1),
  wraps: [{ kind: 'password', wrapped: new Uint8Array(48).fill(2) }],
}

type Device = {
  readonly deviceId: DeviceId
  readonly state: DeviceState
  readonly signatureKey: Uint8Array
  readonly certificate: DeviceCertificate
  readonly credential: Uint8Array
}

/** A person at one device, as far as the server can tell from a real client. */
export class Person {
  api: Api
  readonly handle: string
  readonly password: string
  readonly accountId: AccountId
  readonly crypto: Crypto
  accountKey: AccountSecretKey
  successions: Uint8Array[]
  device: Device
  /** Every device that the newest list names, in its order. */
  listed: readonly Device[]
  list: VerifiedDeviceList

  private constructor(crypto: Crypto, url: string, handle: string, password: string, elsewhere?: Person) {
    this.crypto = crypto
    this.api = new Api(url)
    this.handle = handle
    this.password = password
    this.accountId = elsewhere?.accountId ?? randomId()
    this.accountKey = elsewhere?.accountKey ?? crypto.createAccountKey()
    this.successions = elsewhere?.successions ?? []
    this.device = this.makeDevice()
    this.listed = elsewhere?.listed ?? [this.device]
    this.list =
      elsewhere?.list ??
      createDeviceList(crypto, this.accountKey, {
        accountId: idToBytes(this.accountId),
        handle,
        entries: [this.entryOf(this.device)],
      })
  }

  static async create(url: string, handle = `u${randomBytes(6).toString('hex')}`): Promise<Person> {
    await ready
    return new Person(await crypto(), url, handle, 'correct horse battery')
  }

  static async signUp(url: string, handle?: string): Promise<Person> {
    const person = await Person.create(url, handle)
    await person.register()
    return person
  }

  makeDevice(): Device {
    const deviceId = randomId<DeviceId>()
    const state = this.crypto.openDeviceState()
    const signatureKey = state.createSignatureKey()
    const now = Date.now()
    const certificate = createDeviceCertificate(this.crypto, this.accountKey, {
      accountId: idToBytes(this.accountId),
      deviceId: idToBytes(deviceId),
      signatureKey,
      suite: this.crypto.suite,
      createdAtMs: now - 60_000,
      expiresAtMs: now + YEAR_MS,
    })
    const credential = encodeCredential({
      accountId: idToBytes(this.accountId),
      deviceId: idToBytes(deviceId),
      certificateHash: certificate.hash,
    })
    return { deviceId, state, signatureKey, certificate, credential }
  }

  entryOf(device: Device) {
    return {
      deviceId: idToBytes(device.deviceId),
      certificateHash: device.certificate.hash,
      signatureKey: device.signatureKey,
      suite: this.crypto.suite,
      expiresAtMs: device.certificate.expiresAtMs,
    }
  }

  get identity(): PublicIdentity {
    return {
      accountKey: this.accountKey.publicKey,
      ...(this.successions.length === 0 ? {} : { successions: this.successions }),
      deviceList: this.list.bytes,
      certificates: this.listed.map(({ certificate: { bytes } }) =>
        this.successions.length === 0
          ? bytes
          : renewDeviceCertificate(this.crypto, this.accountKey, bytes).bytes,
      ),
    }
  }

  adopt(session: Session): void {
    this.api.accessToken = session.accessToken
  }

  async makeRegistration() {
    const { clientRegistrationState, registrationRequest } = opaque.startRegistration({
      password: this.password,
    })
    const { registrationResponse } = await this.api.call('startRegistration', {
      handle: this.handle,
      registrationRequest,
    })
    const { registrationRecord } = opaque.finishRegistration({
      password: this.password,
      registrationResponse,
      clientRegistrationState,
      keyStretching,
    })
    return {
      handle: this.handle,
      displayName: this.handle,
      accountId: this.accountId,
      deviceId: this.device.deviceId,
      registrationRecord,
      identity: this.identity,
      vault: VAULT,
    }
  }

  async register(): Promise<void> {
    this.adopt(await this.api.call('finishRegistration', await this.makeRegistration()))
  }

  async provePassword(password = this.password) {
    const { clientLoginState, startLoginRequest } = opaque.startLogin({ password })
    const { loginId, loginResponse } = await this.api.call('startLogin', {
      handle: this.handle,
      startLoginRequest,
    })
    const result = opaque.finishLogin({ password, clientLoginState, loginResponse, keyStretching })
    // With a wrong password the client cannot finish; a stubborn one sends something all the same.
    const finishLoginRequest = result?.finishLoginRequest ?? randomBytes(64).toString('base64url')
    return { loginId, finishLoginRequest }
  }

  async logIn(device: Device | undefined = this.device) {
    const proof = await this.provePassword()
    return this.api.call('finishLogin', {
      ...proof,
      ...(device === undefined
        ? {}
        : {
            device: {
              deviceId: device.deviceId,
              proof: device.state.signWithDeviceKey(
                device.signatureKey,
                'entangle login',
                new TextEncoder().encode(proof.loginId),
              ),
            },
          }),
    })
  }

  /** The next device list. */
  relist(devices: readonly Device[]): void {
    this.listed = devices
    this.list = nextDeviceList(this.crypto, this.accountKey, this.list, {
      entries: devices.map(device => this.entryOf(device)),
    })
  }

  /** Version 1 of a list that names the devices of now. */
  startList(): void {
    this.list = createDeviceList(this.crypto, this.accountKey, {
      accountId: idToBytes(this.accountId),
      handle: this.handle,
      entries: this.listed.map(device => this.entryOf(device)),
    })
  }

  /** The next device list, under the next account key. */
  rekey(devices: readonly Device[], number = this.successions.length + 1): void {
    const key = this.crypto.createAccountKey()
    const fields = { accountId: idToBytes(this.accountId), number, newKey: key.publicKey }
    this.successions = [...this.successions, createSuccession(this.crypto, this.accountKey, fields)].slice(-8)
    this.listed = devices
    this.list = firstDeviceListOfKey(this.crypto, key, this.list, {
      entries: devices.map(device => this.entryOf(device)),
    })
    this.accountKey = key
  }

  /** Takes a new device in the place of the old one, with the next device list. */
  replaceDevice(): void {
    this.device = this.makeDevice()
    this.relist([this.device])
  }

  /** The same person at a new device, which is not enrolled yet. */
  atNewDevice(): Person {
    return new Person(this.crypto, this.api.url, this.handle, this.password, this)
  }

  /** What this device asks to be enrolled with, after the login gave a grant. */
  makeEnrolment(enrolmentGrant: string) {
    this.relist([...this.listed, this.device])
    return { enrolmentGrant, deviceId: this.device.deviceId, identity: this.identity }
  }

  async grantToEnrol(): Promise<string> {
    const login = await this.logIn()
    if (login.kind !== 'enrol') throw new Error('the device is listed already')
    return login.enrolmentGrant
  }

  /** The same person at another device, signed in there. This one knows the new list. */
  async enrolAnother(): Promise<Person> {
    const other = this.atNewDevice()
    other.adopt(await other.api.call('enrolDevice', other.makeEnrolment(await other.grantToEnrol())))
    this.learnList(other)
    return other
  }

  learnList(from: Person): void {
    this.listed = from.listed
    this.list = from.list
  }

  async registrationOfNewPassword(password: string): Promise<string> {
    const { clientRegistrationState, registrationRequest } = opaque.startRegistration({ password })
    const { registrationResponse } = await this.api.call('startPasswordChange', { registrationRequest })
    return opaque.finishRegistration({
      password,
      registrationResponse,
      clientRegistrationState,
      keyStretching,
    }).registrationRecord
  }

  makeKeyPackages(count: number, lastResort = false): Uint8Array[] {
    const { state, signatureKey, credential } = this.device
    return state
      .createKeyPackages({ signatureKey, credential, count, lastResort })
      .map(generated => generated.keyPackage)
  }

  async publishKeyPackages(count: number, withLastResort = false): Promise<void> {
    const [lastResort] = withLastResort ? this.makeKeyPackages(1, true) : []
    await this.api.call('publishKeyPackages', {
      packages: this.makeKeyPackages(count),
      ...(lastResort === undefined ? {} : { lastResort }),
    })
  }

  /** A group of this person and the owners of the given key packages, not yet registered. */
  makeGroup(
    others: readonly { readonly deviceId: DeviceId; readonly keyPackage: Uint8Array }[],
    data: GroupData = { kind: 'direct' },
  ) {
    const conversationId = randomId<ConversationId>()
    const groupId = idToBytes(conversationId)
    const { state, signatureKey, credential } = this.device
    state.createGroup({ groupId, signatureKey, credential, groupData: encodeGroupData(data) })
    const bundle = state.commit(groupId, { add: others.map(other => other.keyPackage) })
    state.mergePendingCommit(groupId)
    return {
      conversationId,
      groupInfo: bundle.groupInfo,
      ratchetTree: bundle.ratchetTree,
      welcomes: others.map(({ deviceId }, index) => ({
        deviceId,
        welcome: bundle.welcomes[index]?.welcome ?? new Uint8Array(),
      })),
    }
  }

  async claim(other: Person) {
    const { packages } = await this.api.call('claimKeyPackages', { accountId: other.accountId })
    return packages
  }

  async startDirect(other: Person): Promise<ConversationHead> {
    const group = this.makeGroup(await this.claim(other))
    return this.api.call('createConversation', { ...group, kind: 'direct' })
  }

  async join(): Promise<ConversationId> {
    const { welcomes } = await this.api.call('listWelcomes', {})
    const [welcome] = welcomes
    if (welcome === undefined) throw new Error('no welcome waits')
    const { conversationId, epoch } = welcome
    const { ratchetTree } = await this.api.call('readTree', { conversationId, epoch })
    this.device.state.stageWelcome(welcome.welcome, ratchetTree)
    this.device.state.acceptWelcome()
    await this.api.call('settleWelcome', { conversationId, epoch })
    return conversationId
  }

  encrypt(conversationId: ConversationId, text: string): Uint8Array {
    return this.device.state.encrypt(
      idToBytes(conversationId),
      new TextEncoder().encode(text),
      new Uint8Array(),
    )
  }

  decrypt(conversationId: ConversationId, body: Uint8Array): string {
    const message = this.device.state.processMessage(idToBytes(conversationId), body)
    if (message.kind !== 'application') throw new Error(message.kind)
    return new TextDecoder().decode(message.plaintext)
  }

  /** A self-update, ready to be submitted. */
  makeCommit(conversationId: ConversationId) {
    const groupId = idToBytes(conversationId)
    const epoch = Number(this.device.state.groupStatus(groupId)?.epoch)
    const { commit, groupInfo } = this.device.state.commit(groupId, {})
    return { conversationId, messageId: randomId<MessageId>(), epoch, commit, groupInfo, welcomes: [] }
  }
}

/** Two people with a conversation both have joined. */
export async function makePair(
  url: string,
): Promise<{ ann: Person; ben: Person; conversationId: ConversationId }> {
  const [ann, ben] = [await Person.signUp(url), await Person.signUp(url)]
  await ben.publishKeyPackages(2)
  const { conversationId } = await ann.startDirect(ben)
  await ben.join()
  return { ann, ben, conversationId }
}
