import { createServer } from 'node:http'

/** An upstream that reads all of a body before it answers, which nginx by itself does not: `node sink.ts PORT`. */
createServer((request, response) => {
  request.resume()
  request.once('end', () => response.end('{"status":"taken"}'))
}).listen(Number(process.argv[2]), '127.0.0.1', 4_096)
