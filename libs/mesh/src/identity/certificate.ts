import { X509Certificate, createHash, webcrypto } from 'node:crypto'

export interface CertificateOptions {
  readonly role: string
  readonly instance: string
  readonly from: Date
  readonly to: Date
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Makes a key pair and signs it with itself: CN = instance, OU = role, an end entity that may sign nothing else. */
export async function issueCertificate(options: CertificateOptions) {
  // Two hundred modules, which only who issues certificates needs.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [options.instance] }, { OU: [options.role] }],
      notBefore: options.from,
      notAfter: options.to,
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ],
    },
    webcrypto,
  )
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`
  const certPem = `${certificate.toString('pem')}\n`
  const issued = new X509Certificate(certPem)
  return { keyPem, certPem, spki: spkiOf(issued), validTo_ms: validityOf(issued).to_ms }
}

/** The pin: base64 of SHA-256 of the DER SubjectPublicKeyInfo (as in RFC 7469). */
export function spkiOf(certificate: X509Certificate): string {
  const der = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('base64')
}

/** Node reports an expired self-signed peer at most as a footnote, so the dates are read by hand. */
export function validityOf(certificate: X509Certificate): { readonly from_ms: number; readonly to_ms: number } {
  return { from_ms: Date.parse(certificate.validFrom), to_ms: Date.parse(certificate.validTo) }
}

/** What a certificate says about itself; authorizes nothing. */
export function namesOf(certificate: X509Certificate): { readonly role: string; readonly instance: string } {
  const parts = new Map(certificate.subject.split('\n').map((line) => splitOnce(line, '=')))
  return { role: parts.get('OU') ?? '', instance: parts.get('CN') ?? '' }
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by)
  return [text.slice(0, at), text.slice(at + by.length)]
}
