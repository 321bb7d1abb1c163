import { ensureDependencies } from './lib/dependencies.mjs'
import { inRoot } from './lib/paths.mjs'
import { passThrough, underOurRuntime } from './lib/runtime.mjs'
import { Advice, runMain, say } from './lib/say.mjs'
import { ensureServices } from './lib/services.mjs'
import { inWords, runVitest } from './lib/vitest.mjs'
import { ensureWebBuild } from './lib/web-build.mjs'

/** Long runs, most of them of suites that `npm test` runs briefly. SEED repeats a run, ROUNDS sets its length. */
const CAMPAIGNS = {
  fuzz: {
    about:
      'hostile frames and bodies against a real server, hostile bytes against every parser of the cryptography',
    runs: [
      { project: 'integration', files: ['packages/server/test/fuzz'] },
      { project: 'unit', files: ['packages/crypto/test/fuzz', 'packages/protocol/test/frames'] },
    ],
  },
  model: {
    about:
      'random histories of several devices over the real cryptography and server, on a network released by hand',
    runs: [{ project: 'histories', files: [] }],
  },
  faults: {
    about:
      'processes killed, disk full, clocks that jump, readers that stall, while people write; a checker judges what they saw',
    runs: [{ project: 'integration', files: ['packages/server/test/faults'] }],
  },
  cluster: {
    about:
      'the services apart, several of each, behind NGINX: each process killed, networks parted, a standby that takes over; and the browser tests through it',
    needsServices: true,
    runs: [
      // A folder's name alone would choose this one as well.
      { project: 'integration', files: ['packages/server/test/cluster/'] },
      { project: 'integration', files: ['packages/server/test/cluster-faults'] },
      { project: 'browser', files: ['e2e/src'], env: { SERVED_BY: 'cluster', CAMPAIGN: 'short' } },
    ],
  },
  crash: {
    about: 'the server killed at random moments while people write',
    runs: [{ project: 'browser', files: ['e2e/src/server-killed.spec.ts'] }],
  },
  'browser-kill': {
    about: 'the browser killed at random moments while its person writes',
    runs: [{ project: 'browser', files: ['e2e/src/browser-killed.spec.ts'] }],
  },
  hold: {
    about: 'ten thousand connections held for MINUTES (30): the memory of the server must stay what it is',
    runs: [{ bench: 'hold', options: { minutes: 'MINUTES', sockets: 'SOCKETS' } }],
  },
}

function listCampaigns() {
  return Object.entries(CAMPAIGNS)
    .map(([name, { about }]) => `  ${name.padEnd(14)}${about}`)
    .join('\n')
}

/** A benchmark that is told by the environment what it would be told by its options. */
async function runBench({ bench, options }) {
  const told = Object.entries(options).flatMap(([option, name]) =>
    process.env[name] === undefined ? [] : [`--${option}`, process.env[name]],
  )
  return (await passThrough(process.execPath, [inRoot('bench', 'src', 'main.ts'), bench, ...told])) === 0
}

async function runSuite({ project, files, env = {} }) {
  if (project === 'browser') await ensureWebBuild()
  const { counts } = await runVitest(project, {
    only: files,
    quiet: false,
    env: { CAMPAIGN: 'long', ...env },
  })
  say(inWords(counts))
  return counts.failed === 0 && counts.passed > 0
}

/** `npm run campaign -- NAME` */
await runMain(async () => {
  const name = process.argv[2]
  const campaign = Object.hasOwn(CAMPAIGNS, name ?? '') ? CAMPAIGNS[name] : undefined
  if (!campaign) {
    throw new Advice(
      name ? `There is no campaign named ${name}.` : 'Which campaign?',
      `There are:\n${listCampaigns()}`,
    )
  }
  const code = await underOurRuntime()
  if (code !== undefined) return code
  await ensureDependencies()
  const missing = campaign.needsServices ? await ensureServices() : []
  if (missing.length > 0)
    throw new Advice(`Missing: ${missing.join(', ')}.`, 'Install them; root on Debian gets them by itself.')
  let isWell = true
  for (const run of campaign.runs) {
    const wentWell = run.bench === undefined ? await runSuite(run) : await runBench(run)
    isWell &&= wentWell
  }
  return isWell ? 0 : 1
})
