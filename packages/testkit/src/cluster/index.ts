export { type Cluster, type ClusterSize, missingForCluster, startCluster } from './cluster.ts'
export { type ClusterDatabases, startDatabases } from './databases.ts'
export { createFarNode, type FarNode, type WireName } from './far-node.ts'
export { type ReplicatedDatabases, startReplicatedDatabases } from './replicated-databases.ts'
