/** What the scripts print: plain lines, and errors that say what to do next. */

export const say = line => void process.stdout.write(`${line}\n`)

/** A failure that a person can act on. The scripts print its text without a stack. */
export class Advice extends Error {
  /** @param {string} what happened @param {string} next what to do about it */
  constructor(what, next) {
    super(next === undefined ? what : `${what}\n${next}`)
  }
}

/** Runs `main`, prints what goes wrong in words, and leaves with its exit code. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    const known = error instanceof Advice ? error : adviceFor(error)
    process.stderr.write(`\n${known ? known.message : (error?.stack ?? error)}\n`)
    process.exitCode = 1
  }
}

/** The few system errors that mean the same wherever they come from. */
export function adviceFor(error) {
  switch (error?.code) {
    case 'ENOSPC':
      return new Advice(
        'The disk is full.',
        'Entangle needs about 1 GB the first time. Free some space and try again.',
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new Advice(
        `No permission: ${error.path ?? error.message}`,
        'Check who owns this folder, or choose another.',
      )
    default:
      return undefined
  }
}

/** Milliseconds as a person reads them. */
export const inSeconds = ms => `${(ms / 1000).toFixed(1)} s`
