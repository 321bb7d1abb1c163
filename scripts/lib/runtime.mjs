import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot } from './paths.mjs'
import { npm } from './run.mjs'
import { Advice, say } from './say.mjs'

/** The oldest Node that runs our TypeScript as it stands and all of our dependencies. */
const OLDEST = [22, 22]

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

/** The package in runtime/package.json that is the Node for this machine. */
function pinnedPackage() {
  const { packages } = JSON.parse(readFileSync(inRoot('runtime', 'package-lock.json'), 'utf8'))
  const fits = (allowed, value) => [allowed].flat().includes(value)
  const found = Object.entries(packages).find(
    ([, entry]) => fits(entry.os, process.platform) && fits(entry.cpu, process.arch),
  )
  if (!found) {
    throw new Advice(
      `Entangle needs Node.js ${OLDEST.join('.')} or newer and brings none for ${process.platform}-${process.arch}.`,
      'Install a newer Node.js from https://nodejs.org and try again.',
    )
  }
  const [path, entry] = found
  return { folder: inRoot('runtime', path), version: entry.version, bin: entry.bin.node }
}

function isInstalled({ folder, version, bin }) {
  if (!existsSync(join(folder, bin))) return false
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version === version
}

async function bringRuntime() {
  const pinned = pinnedPackage()
  if (!isInstalled(pinned)) {
    say(`Fetching Node.js ${pinned.version} (this machine has ${process.versions.node}) …`)
    const folder = inRoot('runtime')
    await npm(['ci', '--prefix', folder, '--ignore-scripts'], folder)
  }
  return join(pinned.folder, pinned.bin)
}

/**
 * Makes sure that the caller goes on under a Node that is new enough. Under an older one it starts
 * the same script again under ours, waits, and returns that one's exit code; under a new one it
 * returns undefined and the caller goes on.
 */
export async function underOurRuntime() {
  if (isNewEnough(process.versions.node)) return undefined
  const node = await bringRuntime()
  return passThrough(node, process.argv.slice(1), { ...process.env, ENTANGLE_FIRST_NODE: process.execPath })
}

/** Runs a program in our place: its streams are ours, our signals are its, its exit code is returned. */
export function passThrough(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env })
    const forward = signal => {
      // A terminal gives Ctrl+C to the whole group: the child has it already and must not count two.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    }
    const signals = process.platform === 'win32' ? ['SIGINT'] : ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    const stopWatching = whenAbandoned(() => child.kill('SIGTERM'))
    child.on('error', error => {
      reject(
        error.code === 'ENOENT'
          ? new Advice(
              `${command} cannot run here.`,
              'Install Node.js 22.22 or newer from https://nodejs.org.',
            )
          : error,
      )
    })
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      stopWatching()
      resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 137))
    })
  })
}

const ABANDONED_CHECK_MS = 500

/**
 * npm runs its scripts in a shell that dies of a signal without passing it on. Whoever stops `npm start`
 * means the server as well, so the end of the process that started us counts as a request to stop.
 * Without npm in between, a parent that goes away (a closed terminal, say) means nothing.
 */
function whenAbandoned(stop) {
  const startedBy = process.ppid
  const isOurs =
    process.env.npm_lifecycle_event !== undefined || process.env.ENTANGLE_FIRST_NODE !== undefined
  if (!isOurs || process.platform === 'win32') return () => undefined
  const timer = setInterval(() => {
    if (process.ppid === startedBy) return
    clearInterval(timer)
    stop()
  }, ABANDONED_CHECK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
