import { X509Certificate, createPrivateKey } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomically } from '#runtime'
import { namesOf, spkiOf, validityOf } from './certificate.js'
import { type Identity, checkNames } from './identity.js'

const KEY_FILE = 'key.pem'
const CERTIFICATE_FILE = 'cert.pem'

/** Writes `key.pem` (readable by its owner only) and `cert.pem`. The folder is made if it is missing. */
export async function saveIdentity(folder: string, identity: Identity): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFileAtomically(join(folder, KEY_FILE), identity.keyPem, 0o600)
  await writeFileAtomically(join(folder, CERTIFICATE_FILE), identity.certPem, 0o644)
}

/** @throws Error when a file is missing or unreadable, key and certificate do not belong together, or a name is bad. */
export async function loadIdentity(folder: string): Promise<Identity> {
  const keyPem = await readFile(join(folder, KEY_FILE), 'utf8')
  const certPem = await readFile(join(folder, CERTIFICATE_FILE), 'utf8')
  const certificate = new X509Certificate(certPem)
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem)))
    throw new Error(`identity in ${folder}: ${KEY_FILE} is not the key of ${CERTIFICATE_FILE}`)
  const { role, instance } = namesOf(certificate)
  checkNames(role, instance)
  return { role, instance, keyPem, certPem, spki: spkiOf(certificate), validTo_ms: validityOf(certificate).to_ms }
}
