import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  CRYPTO_ERRORS,
  CryptoError,
  createArchiveKeys,
  createVault,
  parseCredential,
  parseDeviceCertificate,
  parseDeviceList,
  parseVault,
  randomBytes,
  unpad,
} from '../src/index.ts'
import { addAll, crypto, Device } from './support/people.ts'
import { mutate, seededRandom } from './support/random.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? (process.env['CAMPAIGN'] === 'long' ? 20_000 : 400))
const vectors = path.resolve(fileURLToPath(import.meta.url), '../../../../../shared/vectors')

/** A parser may answer or refuse with a code; a lost instance or any other exception is a fault. */
function survives(parse: () => unknown): void {
  try {
    parse()
  } catch (thrown) {
    if (!(thrown instanceof CryptoError) || thrown.code === 'CRYPTO_INSTANCE_LOST') throw thrown
    expect(Object.keys(CRYPTO_ERRORS)).toContain(thrown.code)
  }
}

const groupId = randomBytes(16)
const [alice, bob, carol] = [new Device('alice'), new Device('bob'), new Device('carol')]
alice.create(groupId)
const adding = addAll(groupId, alice, [bob])
const joining = alice.state.commit(groupId, { add: [carol.keyPackage()] })
const server = crypto.createPublicGroup(
  alice.state.exportGroupInfo(groupId),
  alice.state.exportRatchetTree(groupId),
)
const leave = bob.state.proposeSelfRemove(groupId)
const welcome = joining.welcomes[0]?.welcome ?? new Uint8Array()
const seeds = {
  application: alice.send(groupId, 'fuzz'),
  commit: joining.commit,
  proposal: leave,
  welcome,
  groupInfo: joining.groupInfo,
  keyPackage: bob.keyPackage(),
  tree: joining.ratchetTree,
}

const targets: Record<string, (bytes: Uint8Array) => unknown> = {
  header: bytes => crypto.readMessageHeader(bytes),
  'key package': bytes => crypto.validateKeyPackage(bytes, Date.now()),
  message: bytes => bob.state.processMessage(groupId, bytes),
  'held proposal': bytes => bob.state.processMessage(groupId, joining.commit, [bytes]),
  handshake: bytes => server.processHandshake(bytes, [bytes]),
  welcome: bytes => carol.state.stageWelcome(bytes, joining.ratchetTree),
  'welcome tree': bytes => carol.state.stageWelcome(welcome, bytes),
  'welcome refs': bytes => carol.state.welcomeKeyPackageRefs(bytes),
  'group info': bytes => crypto.createPublicGroup(bytes, joining.ratchetTree).close(),
  tree: bytes => crypto.createPublicGroup(joining.groupInfo, bytes).close(),
  'added key package': bytes => alice.state.commit(groupId, { add: [bytes] }),
}

describe(`hostile bytes (FUZZ_SEED=${seed})`, () => {
  const below = seededRandom(seed)
  for (const [name, parse] of Object.entries(targets)) {
    it(`${name}: ${rounds} mutations, no trap, no change of state`, () => {
      const pool = Object.values(seeds)
      for (let round = 0; round < rounds; round++) {
        let bytes = pool[below(pool.length)] ?? new Uint8Array()
        for (let times = below(3); times >= 0; times--) bytes = mutate(bytes, below)
        survives(() => parse(bytes))
      }
      bob.state.discard()
      carol.state.discard()
      alice.state.discard()
      server.discardStagedCommit()
    })
  }

  it('state entries: a corrupt store is refused, the instance lives', () => {
    const stored = bob.store.list()
    for (let round = 0; round < rounds; round++) {
      const victim = below(stored.length)
      const bent = stored.map((entry, at) =>
        at === victim ? { key: entry.key, value: mutate(entry.value, below) } : entry,
      )
      const state = crypto.openDeviceState(bent)
      survives(() => state.groupStatus(groupId))
      survives(() => state.processMessage(groupId, seeds.application))
      survives(() => state.close())
    }
  })

  it('certificate, list, credential, vault, padding', () => {
    const contents = {
      accountSeeds: randomBytes(64),
      archiveKeys: createArchiveKeys(),
      recoveryEntropy: randomBytes(16),
    }
    const vault = createVault({ accountId: randomBytes(16), version: 1 }, contents, randomBytes(32))
    const parsers: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
      [bob.certificate.bytes, parseDeviceCertificate],
      [bob.list.bytes, parseDeviceList],
      [bob.credential, parseCredential],
      [vault.bytes, parseVault],
      [new Uint8Array(64).fill(0x80), unpad],
    ]
    for (const [bytes, parse] of parsers) {
      for (let round = 0; round < rounds; round++) survives(() => parse(mutate(bytes, below)))
    }
  })

  it('afterwards the conversation goes on', () => {
    expect(bob.read(groupId, seeds.application)).toBe('fuzz')
    expect(adding.newEpoch).toBe(1n)
  })
})

function readVectors(name: string): Record<string, string>[] | null {
  const file = path.join(vectors, name)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
}

const messages = readVectors('mls-messages.json')

describe('official vectors of the MLS working group', () => {
  it.skipIf(messages === null)(
    'mls-messages: every MLSMessage is read, whatever its suite, and none is taken',
    () => {
      const formats: Record<string, string> = {
        mls_welcome: 'welcome',
        mls_group_info: 'group-info',
        mls_key_package: 'key-package',
        public_message_application: 'public-message',
        public_message_proposal: 'public-message',
        public_message_commit: 'public-message',
        private_message: 'private-message',
      }
      const below = seededRandom(seed)
      // One of each suite and then some; all 300 take half a minute.
      for (const vector of (messages ?? []).filter((_, at) => at % 20 === 0)) {
        for (const [field, hex] of Object.entries(vector)) {
          const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
          const expected = formats[field]
          if (expected) expect(crypto.readMessageHeader(bytes).wireFormat).toBe(expected)
          for (const parse of Object.values(targets)) survives(() => parse(mutate(bytes, below)))
        }
      }
      bob.state.discard()
      alice.state.discard()
    },
  )
})
