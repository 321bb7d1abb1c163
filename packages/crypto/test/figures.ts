// Prints times of the core's operations: node packages/crypto/test/figures.ts [members]
import process from 'node:process'
import { randomBytes } from '../src/index.ts'
import { crypto, Device, NOTHING, text } from './support/people.ts'

function median(times: number[]): number {
  return times.sort((one, other) => one - other)[times.length >> 1] ?? 0
}

function time(name: string, rounds: number, work: () => void): void {
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now()
    work()
    return performance.now() - started
  })
  process.stdout.write(`${name}: ${median(times).toFixed(3)} ms (median of ${rounds})\n`)
}

const message = randomBytes(256)

function figuresOf(members: number): void {
  const groupId = randomBytes(16)
  const alice = new Device('alice')
  const bob = new Device('bob')
  alice.create(groupId)
  const packages = [bob.keyPackage()]
  const crowd = new Device('crowd')
  while (packages.length < members - 1) {
    // One account stands for many: only the tree's size matters here.
    const signatureKey = crowd.state.createSignatureKey()
    const made = crowd.state.createKeyPackages({
      signatureKey,
      credential: crowd.credential,
      count: 1,
      lastResort: false,
    })
    packages.push(...made.map(one => one.keyPackage))
  }
  crowd.state.discard()
  const started = performance.now()
  const bundle = alice.state.commit(groupId, { add: packages })
  process.stdout.write(`\n${members} members: add ${(performance.now() - started).toFixed(1)} ms, `)
  process.stdout.write(`commit ${bundle.commit.length} B, tree ${bundle.ratchetTree.length} B, `)
  process.stdout.write(
    `groupInfo ${bundle.groupInfo.length} B, welcome ${bundle.welcomes[0]?.welcome.length} B\n`,
  )
  const merging = performance.now()
  alice.state.mergePendingCommit(groupId)
  alice.save()
  process.stdout.write(`merge and save ${(performance.now() - merging).toFixed(1)} ms\n`)
  const welcome = bundle.welcomes[0]
  if (!welcome) return
  time('join (stage, accept, changes)', 1, () => {
    bob.join(groupId, bundle, welcome.welcome)
  })
  process.stdout.write(`state ${bob.store.lastWriteBytes} B\n`)
  const sent: Uint8Array[] = []
  time('send', 21, () => {
    sent.push(alice.state.encrypt(groupId, message, NOTHING))
  })
  time('send and take changes', 21, () => {
    sent.push(alice.send(groupId, 'x'.repeat(256)))
  })
  process.stdout.write(`changed entries a sent message: ${alice.store.lastWriteBytes} B\n`)
  let at = 0
  time('open', 21, () => {
    bob.state.processMessage(groupId, sent[at++] ?? NOTHING)
  })
  bob.save()
  time('open and take changes', 21, () => {
    bob.receive(groupId, sent[at++] ?? NOTHING)
  })
  process.stdout.write(`changed entries an opened message: ${bob.store.lastWriteBytes} B\n`)
  time('self-update: build', 3, () => {
    alice.state.commit(groupId, {})
    alice.state.clearPendingCommit(groupId)
  })
  const update = alice.state.commit(groupId, {})
  time('self-update: process and merge', 1, () => {
    bob.follow(groupId, update.commit)
  })
  process.stdout.write(`changed entries of the commit: ${bob.store.lastWriteBytes} B\n`)
  alice.state.mergePendingCommit(groupId)
  alice.save()
  bob.receive(groupId, alice.send(groupId, 'y'))
  bob.receive(groupId, alice.send(groupId, 'y'))
  process.stdout.write(`changed entries an opened message with a past epoch: ${bob.store.lastWriteBytes} B\n`)
  bob.reload()
  time('first use after reload', 1, () => {
    bob.state.groupStatus(groupId)
  })
}

const device = new Device('figures')
time('key package', 21, () => {
  device.state.createKeyPackages({
    signatureKey: device.signatureKey,
    credential: device.credential,
    count: 1,
    lastResort: false,
  })
})
const key = crypto.createAccountKey()
time('account key', 11, () => {
  crypto.createAccountKey()
})
const signature = crypto.signWithAccountKey(key, 'x', text('message'))
time('account signature', 21, () => {
  crypto.signWithAccountKey(key, 'x', randomBytes(32))
})
time('account verification', 21, () => {
  crypto.verifyAccountSignature(key.publicKey, 'x', text('message'), signature)
})
const sizes = process.argv.slice(2).map(Number)
for (const members of sizes.length > 0 ? sizes : [2]) figuresOf(members)
