export { type Cluster, type ClusterSize, missingForCluster, startCluster } from './cluster.ts'
