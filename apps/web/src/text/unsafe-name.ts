// Control characters and the marks that reorder text could disguise one name as another.
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u

export function isUnsafeInName(name: string): boolean {
  return UNSAFE.test(name)
}
