import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OPERATIONS } from '@entangle/protocol'
import { exportJWK } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { describeForKong } from '../../src/gateway/kong-config.ts'
import { toYaml } from '../../src/gateway/yaml.ts'

// Kong's own reader of such files is written in Go, and a minute to compile: only where there is time for it.

const check = fileURLToPath(new URL('../../../../deploy/kong/check', import.meta.url))
const isAsked = process.env['CAMPAIGN'] === 'long'
const isReady = isAsked && spawnSync('go', ['mod', 'download'], { cwd: check }).status === 0
if (isAsked && !isReady)
  process.stderr.write('- Kong’s own check left out: Go, or its modules, are not to be had here.\n')

test.skipIf(!isReady)('Kong’s own library reads the file and follows every reference in it', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const targets = { auth: ['a:1', 'b:1'], keys: ['c:1'], chat: ['d:1'] }
  const folder = mkdtempSync(join(tmpdir(), 'entangle-kong-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'kong.yml')
  writeFileSync(path, toYaml(describeForKong([{ ...(await exportJWK(publicKey)), kid: 'one' }], targets)))
  const found = execFileSync('go', ['run', '.', path], { cwd: check, encoding: 'utf8' })
  const routes = Object.keys(OPERATIONS).length + 5
  expect(found).toContain(`3 upstreams, 4 targets, 3 services, ${routes} routes`)
  expect(found).toContain('1 consumers, 1 keys')
})
