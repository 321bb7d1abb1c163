import { join } from 'node:path'
import { canRun, installPackages } from './debian.mjs'

const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

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

/** Where packages can be installed, installs a browser and the fonts that the pictures need. */
export async function installBrowser() {
  return (await installPackages(...PACKAGES)) ? findBrowser() : undefined
}
