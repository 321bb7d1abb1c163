import { createRelay } from '../harness/relay.ts'

// In a network of its own: what listens on its loopback is reached under another of its addresses, by the same port.
const [host = '', port = ''] = process.argv.slice(2)
await createRelay(Number(port), { host, port: Number(port) })
