import { type ClientMetadata, type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { Account } from './accounts.ts'
import { storeAdapter } from './adapter.ts'
import type { Keys } from './keys.ts'
import { errorPage, logoutPage, signedOutPage } from './pages.ts'
import type { ClientCredentials } from './prepare.ts'
import type { Store } from './store.ts'

const minutes = 60
const hours = 60 * minutes

export interface ProviderParts {
  issuer: string
  portalUrls: readonly string[]
  keys: Keys
  clients: { portal: ClientCredentials; pipeline: ClientCredentials }
  accounts: readonly Account[]
  store: Store
}

/** Where the portal takes the code, relative to its address. */
const callbackPath = '/api/auth/callback/oidc'
/** Where the portal says that the person is signed out. */
export const signedOutPath = '/signin/signed-out'

/** The OpenID provider over the given parts. */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Provider(parts.issuer, configuration(parts))
  // Behind TLS the listener itself speaks http; the issuer says what browsers see.
  provider.proxy = parts.issuer.startsWith('https:')
  return provider
}

const routes = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  userinfo: '/oauth/userinfo',
  jwks: '/oauth/jwks',
  end_session: '/oauth/logout',
}

const ttl: Configuration['ttl'] = {
  AccessToken: 10 * minutes,
  ClientCredentials: 10 * minutes,
  AuthorizationCode: 1 * minutes,
  IdToken: 10 * minutes,
  Interaction: 15 * minutes,
  RefreshToken: 14 * hours,
  Grant: 14 * hours,
  Session: (_ctx, session) => (session.accountId ? 14 * hours : 15 * minutes),
}

function configuration(parts: ProviderParts): Configuration {
  return {
    adapter: storeAdapter(parts.store),
    clients: clientsOf(parts),
    jwks: { keys: parts.keys.signing },
    cookies: {
      keys: parts.keys.cookies,
      names: {
        session: 'hexgate-sts',
        interaction: 'hexgate-sts-interaction',
        resume: 'hexgate-sts-resume',
      },
      long: { httpOnly: true, sameSite: 'lax', signed: true },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    routes,
    scopes: ['openid', 'offline_access', 'api.read', 'api.write'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'hexgate_role'],
      email: ['email', 'email_verified'],
    },
    responseTypes: ['code'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    // The portal is ours: it gets a refresh token without asking the person for consent.
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // What was granted in a login ends with that login.
    expiresWithSession: async () => true,
    loadExistingGrant: grantFirstParty,
    findAccount: (_ctx, id) => accountOf(parts.accounts, id),
    interactions: { url: (_ctx, interaction) => `/signin/${interaction.uid}` },
    features: featuresOf(parts),
    renderError: (ctx, out) => {
      ctx.type = 'html'
      ctx.body = errorPage(out.error_description ?? out.error, parts.portalUrls[0] ?? parts.issuer)
    },
    ttl,
  }
}

function featuresOf({ clients, portalUrls, issuer }: ProviderParts): Configuration['features'] {
  const home = portalUrls[0] ?? issuer
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: {
      enabled: true,
      allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
    },
    introspection: {
      enabled: true,
      // The portal judges everybody's tokens; any other client sees its own alone.
      allowedPolicy: (_ctx, client, token) =>
        client.clientId === clients.portal.id || token.clientId === client.clientId,
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = logoutPage(form, isConfirmed(ctx))
      },
      postLogoutSuccessSource: (ctx) => {
        ctx.body = signedOutPage(home)
      },
    },
  }
}

function clientsOf({ clients, portalUrls }: ProviderParts): ClientMetadata[] {
  return [
    {
      client_id: clients.portal.id,
      client_secret: clients.portal.secret,
      client_name: 'Hexgate',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: portalUrls.map((url) => url + callbackPath),
      post_logout_redirect_uris: portalUrls.map((url) => url + signedOutPath),
      scope: 'openid profile email offline_access api.read api.write',
    },
    {
      client_id: clients.pipeline.id,
      client_secret: clients.pipeline.secret,
      client_name: 'Pipelines',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: 'api.read api.write',
    },
  ]
}

async function grantFirstParty(ctx: KoaContextWithOIDC) {
  const { client, session, provider, params } = ctx.oidc
  if (!client || !session?.accountId) return undefined
  const known = session.grantIdFor(client.clientId)
  const existing = known ? await provider.Grant.find(known) : undefined
  if (existing) return existing
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope(typeof params?.['scope'] === 'string' ? params['scope'] : 'openid')
  await grant.save()
  return grant
}

function accountOf(accounts: readonly Account[], id: string) {
  const account = accounts.find((candidate) => candidate.id === id)
  if (!account) return undefined
  return {
    accountId: account.id,
    claims: () => ({
      sub: account.id,
      name: account.name,
      email: account.email,
      email_verified: true,
      hexgate_role: account.role,
    }),
  }
}

// The portal sends the ID token of the person who is signed in here: it has asked them already.
function isConfirmed(ctx: KoaContextWithOIDC): boolean {
  const hint = ctx.oidc.entities.IdTokenHint
  return hint !== undefined && hint.payload['sub'] === ctx.oidc.session?.accountId
}
