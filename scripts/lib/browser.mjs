import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const canRun = path => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of a Chromium on this machine, or undefined. CHROMIUM_PATH wins. */
export function findBrowser() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':')
  const programFiles = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA]
  return [
    ...folders.flatMap(folder => NAMES.map(name => join(folder, name))),
    ...NAMES.map(name => join('/usr/bin', name)),
    MAC,
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ...programFiles
      .filter(Boolean)
      .map(folder => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
  ].find(canRun)
}

const PACKAGES = ['chromium', 'fonts-liberation', 'fonts-noto-color-emoji']

/** On Debian and its relatives, as root, installs a browser and the fonts that the pictures need. */
export async function installBrowser() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !canRun('/usr/bin/apt-get'))
    return undefined
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const update = await run('apt-get', ['update', '-qq'], { quiet: true, env })
  const install = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES], {
    quiet: true,
    env,
  })
  if (install.code !== 0) throw new Error(`${update.output}${install.output}`)
  return findBrowser()
}
