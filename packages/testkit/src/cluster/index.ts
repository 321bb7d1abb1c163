export { type Cluster, type ClusterSize, missingForCluster, startCluster } from './cluster.ts'
export { type ClusterDatabases, startDatabases } from './databases.ts'
