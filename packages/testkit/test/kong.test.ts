import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { createTempDir } from '../src/harness/temp-dir.ts'
import { findKong, kongSettings } from '../src/services/kong.ts'

afterEach(() => vi.unstubAllEnvs())

test('Kong runs here with the settings that operators get, and listens to this machine alone', async () => {
  const settings = await kongSettings('/a/folder', { proxy: 1, admin: 2, status: 3 })
  expect(settings).toMatchObject({
    KONG_DATABASE: 'off',
    KONG_PLUGINS: 'jwt,rate-limiting,request-size-limiting,request-termination,prometheus',
    KONG_REAL_IP_HEADER: 'X-Forwarded-For',
    KONG_HEADERS: 'off',
    KONG_ANONYMOUS_REPORTS: 'off',
    KONG_PREFIX: '/a/folder',
    KONG_TRUSTED_IPS: '127.0.0.1',
  })
  const listens = Object.entries(settings).filter(([name]) => name.endsWith('_LISTEN'))
  expect(Object.fromEntries(listens)).toEqual({
    KONG_PROXY_LISTEN: '127.0.0.1:1',
    KONG_ADMIN_LISTEN: '127.0.0.1:2',
    KONG_STATUS_LISTEN: '127.0.0.1:3',
    KONG_ADMIN_GUI_LISTEN: 'off',
  })
})

test('Kong is the one that is named, or the one on the path, or none', async () => {
  const folder = await createTempDir('path')
  vi.stubEnv('KONG_BIN', undefined)
  vi.stubEnv('PATH', folder.path)
  const elsewhere = findKong()
  const own = join(folder.path, 'kong')
  expect(elsewhere).not.toBe(own)
  await writeFile(own, '')
  await chmod(own, 0o755)
  expect(findKong()).toBe(own)
  vi.stubEnv('KONG_BIN', '/opt/kong/bin/kong')
  expect(findKong()).toBe('/opt/kong/bin/kong')
  await folder.remove()
})
