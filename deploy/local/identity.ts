import './quiet-provider.ts';
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { z } from 'zod';
import { accountNamed, accountNames } from './accounts.ts';
import { answerHtml, answerJson, bodyOf, jsonOf, listen, type Listening } from './http.ts';
import { secretOf, signingKeyOf, type SigningKey } from './keys.ts';
import { localUrl, type Profile } from './profile.ts';
import { SignInStore } from './sign-in.store.ts';
import { page, signInPage } from './sign-in.ts';
import {
  accessToken,
  audience,
  claimsOf,
  consoleClient,
  isSelfContained,
  lifetimeSeconds,
  Revocations,
} from './tokens.ts';

/** The resource all access tokens are for; a name, not an address. */
const resource = 'urn:parley:api';
const scopes = 'openid offline_access';
const interaction = '/sign-in/';
const longestLifetimeSeconds = 86_400;
const tokenOrder = z.object({
  account: z.string(),
  seconds: z.number().int().min(-longestLifetimeSeconds).max(longestLifetimeSeconds).optional(),
});

/** OpenID Connect in the launcher's own process: the real code flow with PKCE, and a sign-in of one click. */
export async function identityProvider(profile: Profile): Promise<Listening> {
  const issuer = localUrl(profile.ports.issuer);
  const key = await signingKeyOf(profile.folder);
  const store = new SignInStore(join(profile.folder, 'identity', 'sign-ins.json'));
  const provider = new Provider(issuer, {
    ...configuration(localUrl(profile.ports.gateway), key, await secretOf(profile.folder)),
    adapter: store.adapter,
  });
  allowWholeConsole(provider, localUrl(profile.ports.gateway));
  const revocations = new Revocations(join(profile.folder, 'identity', 'revoked'), issuer, key);
  const callback = provider.callback();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', issuer).pathname;
    if (path.startsWith(interaction)) return signIn(provider, request, response);
    if (path === '/dev/token' && request.method === 'POST') return answerToken(issuer, key, request, response);
    const isAboutToken = request.method === 'POST' && (path === '/token/revocation' || path === '/token/introspection');
    if (isAboutToken && (await answeredByUs(revocations, path, request, response))) return;
    await callback(request, response);
  };
  return listen('identity provider', profile.ports.issuer, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent)
        answerJson(response, 400, {
          error: 'invalid_request',
          error_description: error instanceof Error ? error.message : String(error),
        });
    });
  });
}

/** The provider knows only opaque tokens; ours are self-contained, so their revocation is kept beside it. */
async function answeredByUs(
  revocations: Revocations,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const body = await bodyOf(request);
  const token = new URLSearchParams(body).get('token') ?? '';
  if (!isSelfContained(token)) {
    // The provider reads a body that somebody else has read already from here.
    Object.assign(request, { body });
    return false;
  }
  response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
  if (path === '/token/introspection') answerJson(response, 200, await revocations.introspect(token));
  else {
    await revocations.revoke(token);
    response.writeHead(200).end();
  }
  return true;
}

async function answerToken(
  issuer: string,
  key: SigningKey,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const order = tokenOrder.safeParse(await jsonOf(request));
  const account = order.success ? accountNamed(order.data.account) : undefined;
  if (!order.success || !account)
    return answerJson(response, 404, { error: `No such account. There are: ${accountNames()}` });
  answerJson(response, 200, { token: await accessToken(issuer, key, account, order.data.seconds) });
}

async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') return answerHtml(response, signInPage(`${interaction}${details.uid}`));
  const name = new URLSearchParams(await bodyOf(request)).get('account') ?? '';
  if (!accountNamed(name)) return answerHtml(response, signInPage(`${interaction}${details.uid}`));
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId: name } },
    { mergeWithLastSubmission: false },
  );
}

/** Any page of the console may be where a sign-in comes back to. */
function allowWholeConsole(provider: Provider, gateway: string): void {
  const isOurs = (uri: string): boolean => URL.canParse(uri) && new URL(uri).origin === gateway;
  provider.Client.prototype.redirectUriAllowed = isOurs;
  provider.Client.prototype.postLogoutRedirectUriAllowed = isOurs;
}

/** Everybody may have what they ask for: roles and scopes decide, not consent. */
async function grantAll(ctx: KoaContextWithOIDC): Promise<InstanceType<Provider['Grant']> | undefined> {
  const { client, session, provider } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(scopes);
  grant.addResourceScope(resource, scopes);
  await grant.save();
  return grant;
}

function configuration(gateway: string, key: SigningKey, secret: string): Configuration {
  const jwt = { sign: { alg: 'RS256', kid: key.kid } } as const;
  return {
    jwks: { keys: [{ ...key, use: 'sig' }] },
    clients: [
      {
        client_id: consoleClient,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [`${gateway}/`],
        post_logout_redirect_uris: [`${gateway}/`],
      },
    ],
    cookies: { keys: [secret] },
    pkce: { required: () => true },
    scopes: scopes.split(' '),
    clientBasedCORS: (_ctx, origin) => origin === gateway,
    findAccount: (_ctx, id) => {
      const account = accountNamed(id);
      return account && { accountId: id, claims: () => ({ sub: id, ...claimsOf(account) }) };
    },
    loadExistingGrant: grantAll,
    issueRefreshToken: () => true,
    extraTokenClaims: (_ctx, token) => {
      const account = 'accountId' in token ? accountNamed(token.accountId) : undefined;
      return account && { ...claimsOf(account) };
    },
    interactions: { url: (_ctx, { uid }) => `${interaction}${uid}` },
    ttl: {
      AccessToken: lifetimeSeconds,
      RefreshToken: 24 * lifetimeSeconds,
      Session: 24 * lifetimeSeconds,
      Grant: 24 * lifetimeSeconds,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: signOutAtOnce },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: scopes,
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: lifetimeSeconds,
          jwt,
        }),
      },
    },
  };
}

function signOutAtOnce(ctx: KoaContextWithOIDC, form: string): void {
  const confirm = '<button form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>';
  const script = `<script>document.querySelector('[name=logout]').click()</script>`;
  ctx.body = page('Signing out', `${form}${confirm}${script}`);
}
