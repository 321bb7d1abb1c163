import { shareServer } from '@entangle/testkit/shared-server'

export const { setup, teardown } = shareServer()
