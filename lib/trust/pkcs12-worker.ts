import { parentPort, workerData } from 'node:worker_threads'
import forge from 'node-forge'
import type { Pkcs12 } from './pkcs12.ts'

// Reads one PKCS#12 file and ends. How often a password is hashed stands in the file itself, and may be without end.

// What runs outside of JavaScript does not end with the thread. Its declarations do not know the option.
;(forge as typeof forge & { options: { usePureJavaScript: boolean } }).options.usePureJavaScript = true

parentPort?.postMessage(read(workerData.file as Uint8Array, String(workerData.password)))

function read(file: Uint8Array, password: string): Pkcs12 {
  let outer: forge.asn1.Asn1
  try {
    outer = forge.asn1.fromDer(Buffer.from(file).toString('binary'))
  } catch {
    return { fault: 'unreadable' }
  }
  try {
    const { safeContents } = forge.pkcs12.pkcs12FromAsn1(outer, true, password)
    const bags = safeContents.flatMap(({ safeBags }) => safeBags)
    return {
      certificates: bags.flatMap((bag) => certificateOf(bag) ?? []),
      keys: bags.flatMap((bag) => keyOf(bag) ?? []),
    }
  } catch (error) {
    // The library tells its failures apart by their words alone.
    const words = error instanceof Error ? error.message : ''
    if (/invalid password/i.test(words)) return { fault: 'password' }
    return { fault: /unsupported|unknown|cannot read.*algorithm/i.test(words) ? 'algorithm' : 'unreadable' }
  }
}

// It knows RSA alone and leaves what else there is as it stands in the file.
function certificateOf({ type, cert, asn1 }: forge.pkcs12.Bag): Uint8Array | undefined {
  if (type !== forge.pki.oids['certBag']) return undefined
  return bytesOf(cert ? forge.pki.certificateToAsn1(cert) : asn1)
}

function keyOf({ type, key, asn1 }: forge.pkcs12.Bag): Uint8Array | undefined {
  if (type !== forge.pki.oids['keyBag'] && type !== forge.pki.oids['pkcs8ShroudedKeyBag']) return undefined
  return bytesOf(key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)) : asn1)
}

function bytesOf(value: forge.asn1.Asn1): Uint8Array {
  return Buffer.from(forge.asn1.toDer(value).getBytes(), 'binary')
}
