import { join } from 'node:path'
import { handleSchema, ProtocolError } from '@entangle/protocol'
import { createResetCode } from './auth/reset-codes.ts'
import { restoreBackup } from './backup/restore-backup.ts'
import { writeBackup } from './backup/write-backup.ts'
import type { ServerConfig } from './config.ts'
import { openRunningUsers } from './database/databases.ts'
import { isConnectionLost } from './database/pools.ts'
import type { UsersDatabase } from './database/users-schema.ts'
import { followKeys, renderKongConfig } from './gateway/follow-keys.ts'
import { type Encryption, openEncryption } from './keys/encryption.ts'
import { rotateSigningKeys } from './keys/signing-keys.ts'
import { createLog } from './logging.ts'
import { systemClock } from './ports/clock.ts'
import { createFileSecretStore } from './secrets.ts'

const USAGE = [
  'Usage: main.ts serve [all | auth | keys | chat]',
  '       main.ts reset-code NAME',
  '       main.ts rotate-signing-key',
  '       main.ts rotate-wrapping-key',
  '       main.ts kong-config',
  '       main.ts kong-follow',
  '       main.ts backup FOLDER',
  '       main.ts restore FOLDER',
  '(without a command all services are started)',
].join('\n')

/** For the operator, beside the running server: what it answers goes to the terminal and nowhere else. */
async function makeResetCode(config: ServerConfig, name: string): Promise<string> {
  const parsed = handleSchema.safeParse(name.toLowerCase().replace(/^@/, ''))
  if (!parsed.success) throw new Error(USAGE)
  const handle = parsed.data
  const users = await openRunningUsers(config)
  try {
    const code = await createResetCode(users, handle, Date.now())
    return [
      `Reset code for ${handle}: ${code}`,
      'It is good once, for 24 hours. Give it to the person in person or on a call, and to nobody else:',
      'whoever has it takes the account over, without its history, and its contacts are warned.',
    ].join('\n')
  } catch (cause) {
    if (cause instanceof ProtocolError) throw new Error(`Nobody here is called ${handle}.`, { cause })
    throw cause
  } finally {
    await users.destroy()
  }
}

function passphraseOf({ backupPassphrase }: ServerConfig): string {
  if (backupPassphrase !== undefined) return backupPassphrase
  throw new Error('Set BACKUP_PASSPHRASE: it seals the keys of the server in the backup.')
}

async function withEncryption<T>(
  config: ServerConfig,
  work: (encryption: Encryption, users: UsersDatabase) => Promise<T>,
): Promise<T> {
  const users = await openRunningUsers(config)
  try {
    const secrets = createFileSecretStore(join(config.dataDir, 'secrets'))
    return await work(await openEncryption({ database: users, secrets, clock: systemClock }), users)
  } finally {
    await users.destroy()
  }
}

/** The servers that run notice by themselves within a minute; the new key signs after five. */
const rotateSigningKey = (config: ServerConfig): Promise<string> =>
  withEncryption(config, async (encryption, users) => {
    const parts = { database: users, envelope: encryption.envelopeOf('keys'), clock: systemClock }
    await rotateSigningKeys(parts, { force: true })
    return 'A new key signs access tokens in five minutes; the one before it is accepted for fifteen more.'
  })

/** Cut off, it is begun again, or goes on with the next start of a server. */
const rotateWrappingKey = (config: ServerConfig): Promise<string> =>
  withEncryption(config, async encryption => {
    const count = await encryption.rotate()
    return `A new wrapping key is in use; data keys wrapped anew: ${String(count)}. Backups made before need the earlier one, which they hold.`
  })

/** Beside a Kong, for as long as that runs. */
async function followForKong(config: ServerConfig): Promise<string> {
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort())
  await followKeys(config, createLog(config.logLevel), stopping.signal)
  return 'Kong keeps what it has.'
}

async function backUp(config: ServerConfig, folder: string): Promise<string> {
  const { mark, rows } = await writeBackup(config, folder, passphraseOf(config))
  return `Backup written to ${folder}: ${rows} rows, with everything acknowledged before ${new Date(mark).toISOString()}.`
}

async function restore(config: ServerConfig, folder: string): Promise<string> {
  const { mark } = await restoreBackup(config, folder, passphraseOf(config))
  return [
    `Restored into ${config.dataDir} as of ${new Date(mark).toISOString()}. Everybody has to sign in again.`,
    'What was said after that moment is gone from the server: see "Backup" in docs/operations.md.',
  ].join('\n')
}

/** With the operand that each takes, or without one. */
const COMMANDS = {
  'reset-code': { takes: 'operand', run: makeResetCode },
  'rotate-signing-key': { takes: 'nothing', run: rotateSigningKey },
  'rotate-wrapping-key': { takes: 'nothing', run: rotateWrappingKey },
  'kong-config': { takes: 'nothing', run: renderKongConfig },
  'kong-follow': { takes: 'nothing', run: followForKong },
  backup: { takes: 'operand', run: backUp },
  restore: { takes: 'operand', run: restore },
} as const
const isCommand = (name: string): name is keyof typeof COMMANDS => Object.hasOwn(COMMANDS, name)

const isAway = (error: unknown): boolean =>
  isConnectionLost(error) || (error instanceof Error && 'code' in error && error.code === 'ENOENT')

/** Runs a command and answers with what is to be told. Throws an Error whose message is for the operator. */
export async function runCommand(config: ServerConfig, command: readonly string[]): Promise<string> {
  const [name = '', operand, ...rest] = command
  if (!isCommand(name) || rest.length > 0) throw new Error(USAGE)
  const chosen = COMMANDS[name]
  try {
    if (chosen.takes === 'nothing' && operand === undefined) return await chosen.run(config)
    if (chosen.takes === 'operand' && operand !== undefined) return await chosen.run(config, operand)
    throw new Error(USAGE)
  } catch (cause) {
    if (!isAway(cause)) throw cause
    throw new Error(
      'The database of the server cannot be reached. Is the server running, with this DATA_DIR?',
      {
        cause,
      },
    )
  }
}
