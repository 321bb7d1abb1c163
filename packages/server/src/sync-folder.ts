import { open } from 'node:fs/promises'

/** Makes the names in it last: without that a power cut may take a file whose content is on the disk. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  await folder.sync()
  await folder.close()
}
