export { findKafka, type KafkaCluster, startKafka } from './kafka.ts'
export { findRedis, type RedisProcess, startRedis } from './redis.ts'
export type { ServiceProcess } from './service-process.ts'
