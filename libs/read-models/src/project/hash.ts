/** Looked up once: in a hot loop it costs more than what it does. */
const { imul } = Math

/** FNV-1a over UTF-16 code units; another beginning and another factor make another hash. Its low bits alone are poor for texts that differ in their last letter. */
export function hashOf(text: string, beginning = 0x811c9dc5, factor = 0x01000193): number {
  let hash = beginning
  for (let at = 0; at < text.length; at += 1) hash = imul(hash ^ text.charCodeAt(at), factor)
  return hash
}

/** Every bit of the hash in every bit of it (finalizer of MurmurHash3). */
export function mixed(hash: number): number {
  let mixing = imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixing = imul(mixing ^ (mixing >>> 13), 0xc2b2ae35)
  return mixing ^ (mixing >>> 16)
}
