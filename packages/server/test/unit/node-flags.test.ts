import { expect, test } from 'vitest'
import { NODE_FLAGS } from '../../src/node-flags.ts'
import { readDeployed } from '../support/deploy-files.ts'

test.each(['../Dockerfile', 'systemd/entangle@.service'])('%s starts the server with its flags', file => {
  for (const flag of NODE_FLAGS) expect(readDeployed(file)).toContain(flag)
})
