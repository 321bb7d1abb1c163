import { shareCluster, shareServer } from '@entangle/testkit/shared-server'

/** The campaign `cluster` plays the same tests through NGINX, with every service in processes of its own. */
const isCluster = process.env['SERVED_BY'] === 'cluster'

export const { setup, teardown } = isCluster ? shareCluster() : shareServer()
