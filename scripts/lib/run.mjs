import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { Advice, adviceFor } from './say.mjs'

/**
 * Runs a program to its end. With `quiet` its output is kept and returned instead of shown.
 * Resolves with `{ code, output }`; `code` is 128 + n when a signal ended it. With `inGaps` everybody else comes first.
 */
export function run(command, args, { quiet = false, inGaps = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    if (inGaps && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL)
    const chunks = []
    child.stdout?.on('data', chunk => chunks.push(chunk))
    child.stderr?.on('data', chunk => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({
        code: code ?? 128 + (signal === 'SIGKILL' ? 9 : 15),
        output: Buffer.concat(chunks).toString(),
      })
    })
  })
}

/**
 * npm's own program, to be run by a Node of our choice: that needs neither a shell nor npm.cmd.
 * Started by npm we are told where it is; otherwise it lies beside Node or on the path.
 */
function findNpm() {
  if (process.env.npm_execpath?.endsWith('npm-cli.js')) return process.env.npm_execpath
  const node = dirname(process.env.ENTANGLE_FIRST_NODE ?? process.execPath)
  const places = [
    join(node, 'node_modules'),
    join(node, '..', 'lib', 'node_modules'),
    join(node, '..', 'share', 'nodejs'),
  ]
  for (const folder of (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':')) {
    places.push(join(folder, 'node_modules'), join(folder, '..', 'lib', 'node_modules'))
  }
  return places.map(place => join(place, 'npm', 'bin', 'npm-cli.js')).find(existsSync)
}

/** Runs npm quietly in `cwd` and turns its failures into advice. */
export async function npm(args, cwd) {
  const cli = findNpm()
  if (!cli) {
    throw new Advice(
      'npm was not found.',
      'It comes with Node.js: https://nodejs.org. Install it and try again.',
    )
  }
  const { code, output } = await run(
    process.execPath,
    [cli, ...args, '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd,
      quiet: true,
      env: withoutNpmSettings(process.env),
    },
  )
  if (code !== 0) throw npmAdvice(args, output)
}

/** Settings that `npm start` hands down and that belong to the outer call only, such as its prefix. */
function withoutNpmSettings(env) {
  const inherited =
    /^npm_(config_(local_prefix|prefix|global_prefix|workspace|workspaces|dry_run|json)|package_|lifecycle_)/i
  return Object.fromEntries(Object.entries(env).filter(([name]) => !inherited.test(name)))
}

function npmAdvice(args, output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH|ERR_SOCKET_TIMEOUT/.test(output)) {
    return new Advice(
      'The package registry cannot be reached.',
      'The first start fetches packages from the network. Connect (or set npm’s proxy) and try again.',
    )
  }
  if (/ENOSPC/.test(output)) return adviceFor({ code: 'ENOSPC' })
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return new Advice('npm may not write to this folder.', `Check who owns it.\n\n${output.trim()}`)
  }
  return new Advice(`npm ${args[0]} failed.`, output.trim())
}
