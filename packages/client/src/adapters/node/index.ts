export { createOpaquePasswordProtocol } from '../opaque/opaque-password-protocol.ts'
export { createNodeClient, loadNodeCrypto, type NodeClient, type NodeClientOptions } from './node-client.ts'
export { openSqliteKeyValueStore } from './sqlite-key-value-store.ts'
