import { handleSchema, ProtocolError } from '@entangle/protocol'
import { createResetCode } from './auth/reset-codes.ts'
import type { ServerConfig } from './config.ts'
import { openRunningUsers } from './database/databases.ts'

const USAGE = 'Usage: main.ts reset-code NAME\n(without a command the server starts)'

/** For the operator, beside the running server: what it answers goes to the terminal and nowhere else. */
async function makeResetCode(config: ServerConfig, handle: string): Promise<string> {
  const users = await openRunningUsers(config)
  try {
    const code = await createResetCode(users, handle, Date.now())
    return [
      `Reset code for ${handle}: ${code}`,
      'It is good once, for 24 hours. Give it to the person in person or on a call, and to nobody else:',
      'whoever has it takes the account over, without its history, and its contacts are warned.',
    ].join('\n')
  } finally {
    await users.destroy()
  }
}

/** Runs a command and answers with what is to be told. Throws an Error whose message is for the operator. */
export async function runCommand(config: ServerConfig, command: readonly string[]): Promise<string> {
  const [name, handle, ...rest] = command
  const parsed = handleSchema.safeParse(handle?.toLowerCase().replace(/^@/, ''))
  if (name !== 'reset-code' || !parsed.success || rest.length > 0) throw new Error(USAGE)
  try {
    return await makeResetCode(config, parsed.data)
  } catch (cause) {
    if (cause instanceof ProtocolError) throw new Error(`Nobody here is called ${parsed.data}.`, { cause })
    throw new Error(
      'The database of the server cannot be reached. Is the server running, with this DATA_DIR?',
      {
        cause,
      },
    )
  }
}
