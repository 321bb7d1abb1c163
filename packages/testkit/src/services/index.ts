export { findKafka, type KafkaCluster, startKafka } from './kafka.ts'
export { chooseNginxPorts, findNginx, type NginxPorts, type NginxProcess, startNginx } from './nginx.ts'
export { findRedis, type RedisProcess, startRedis } from './redis.ts'
export type { ServiceProcess } from './service-process.ts'
