import { Http1Exchange } from '../exchange.ts'

/** One request over HTTP/2: its head was brought into the form of HTTP/1.1, and all else is the same. */
export class Http2Exchange extends Http1Exchange {
  override get httpVersion(): '2' {
    return '2'
  }
}
