import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { watchPages } from './page-witness.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Path of a Chromium on this machine. CHROMIUM_PATH wins. */
export function findChromium(): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin']
  const programs = [process.env['PROGRAMFILES'], process.env['LOCALAPPDATA']].filter(
    folder => folder !== undefined,
  )
  const places = [
    process.env['CHROMIUM_PATH'] ?? '',
    ...folders.flatMap(folder => NAMES.map(name => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ...programs.map(folder => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
  ]
  const found = places.find(place => {
    if (place === '') return false
    try {
      accessSync(place, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error('No Chromium was found. Install one, or set CHROMIUM_PATH.')
  return found
}

export type BrowserOptions = {
  /** Leads everything meant for one loopback port to another: the page's origin stays what it is. */
  readonly detour?: { readonly from: number; readonly to: number }
}

/** What a browser does beside showing pages: windows of its own, questions to its maker, second thoughts. */
const UNWANTED_FEATURES = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'AimEnabled',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
]

function argumentsOf({ detour }: BrowserOptions): string[] {
  return [
    // Chromium refuses its sandbox to root; everybody else keeps it.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-gpu',
    '--disable-quic',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-breakpad',
    '--disable-default-apps',
    '--disable-extensions',
    `--disable-features=${UNWANTED_FEATURES.join()}`,
    ...(detour ? [`--host-resolver-rules=MAP localhost:${detour.from} 127.0.0.1:${detour.to}`] : []),
  ]
}

/** A browser for contexts that keep nothing. */
export async function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: findChromium(), args: argumentsOf(options) })
  watchPages(browser)
  return browser
}

/** A browser with a profile on disk, which can be killed as a crash would and be opened again. */
export type ProfileBrowser = {
  readonly context: BrowserContext
  kill9(): Promise<void>
  close(): Promise<void>
}

export async function launchProfileBrowser(
  profileDir: string,
  options: BrowserOptions = {},
): Promise<ProfileBrowser> {
  const portFile = join(profileDir, 'DevToolsActivePort')
  await rm(portFile, { force: true })
  // What a killed browser leaves: a lock that names a process which no longer lives.
  await rm(join(profileDir, 'SingletonLock'), { force: true })
  const args = [
    ...argumentsOf(options),
    '--headless=new',
    '--remote-debugging-port=0',
    `--user-data-dir=${profileDir}`,
    '--password-store=basic',
    '--use-mock-keychain',
    '--hide-crash-restore-bubble',
    'about:blank',
  ]
  // A group of its own, so that one signal ends all of the browser's processes at once.
  const child = spawn(findChromium(), args, { stdio: 'ignore', detached: process.platform !== 'win32' })
  try {
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${await readPort(portFile, child)}`)
    watchPages(browser)
    const context = browser.contexts()[0] ?? (await browser.newContext())
    return {
      context,
      kill9: () => endGroup(child),
      async close() {
        const session = await browser.newBrowserCDPSession()
        const ended = new Promise(resolve => child.once('exit', resolve))
        await session.send('Browser.close').catch(() => undefined)
        await Promise.race([ended, sleep(5000)])
        await endGroup(child)
      },
    }
  } catch (error) {
    await endGroup(child)
    throw error
  }
}

async function readPort(file: string, child: ChildProcess): Promise<number> {
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt++) {
    const port = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0])
    if (port > 0) return port
    await sleep(50)
  }
  throw new Error('The browser did not open its debugging port.')
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
  await ended
}
