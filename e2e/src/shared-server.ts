import { shareCluster, shareServer } from '@entangle/testkit/shared-server'

const servedBy = process.env['SERVED_BY']
/**
 * The campaign `cluster` plays the same tests through NGINX, with every service in processes of its own. With `kong`
 * one is between them: for single files, because all visitors have one address here, and limits by address would end
 * a run of all of them.
 */
const isCluster = servedBy === 'cluster' || servedBy === 'kong'

export const { setup, teardown } = isCluster ? shareCluster(servedBy === 'kong') : shareServer()
