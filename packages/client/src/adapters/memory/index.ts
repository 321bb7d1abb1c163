export {
  copyMedium,
  createMemoryKeyValueStore,
  createMemoryMedium,
  type MemoryMedium,
} from './memory-key-value-store.ts'
