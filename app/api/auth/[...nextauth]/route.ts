import { serveAuth } from '#lib/session/login.ts'

export const dynamic = 'force-dynamic'

export { serveAuth as GET, serveAuth as POST }
