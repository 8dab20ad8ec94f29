/** Where the sample's API with mTLS is asked for: *.localhost is this machine. */
export const guardedHost = 'stock.localhost'
/** Kept in the data folder, for curl: what it trusts, and what it shows. */
export const clientFiles = { ca: 'sample-ca.pem', client: 'sample-client.pem' } as const
