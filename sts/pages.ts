import { hash } from 'node:crypto'

/** Where the pages get the product's typeface from. */
export const fontPath = '/geist.woff2'

const styles = `
@font-face{font-family:Geist;src:url(${fontPath}) format("woff2");font-weight:100 900;font-display:swap}
:root{--bg:#f6f7f9;--panel:#fff;--ink:#14181f;--ink2:#4b5563;--line:#e3e6eb;--line2:#c3c9d2;--accent:#2456e6;--on-accent:#fff;--err:#b4232a;--err-soft:#fde8e8;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--bg:#0e1116;--panel:#161b22;--ink:#e8ebf0;--ink2:#aab3c0;--line:#262d37;--line2:#465162;--accent:#7aa2ff;--on-accent:#0e1116;--err:#f87171;--err-soft:#331819}}
*{box-sizing:border-box;margin:0}
body{min-height:100vh;display:grid;place-items:center;padding:24px 16px;background:var(--bg);color:var(--ink);font:14px/1.5 "Geist","Inter",system-ui,"Segoe UI",sans-serif}
main{width:100%;max-width:360px}
.brand{display:flex;align-items:center;gap:8px;font-weight:600;font-size:15px;margin-bottom:20px}
.brand svg{color:var(--accent)}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:24px}
h1{font-size:19px;font-weight:600;letter-spacing:-.01em}
p{color:var(--ink2);margin-top:4px}
form{margin-top:20px;display:grid;gap:16px}
label{display:grid;gap:6px;font-size:13px;font-weight:550}
input{width:100%;height:36px;padding:0 12px;border:1px solid var(--line2);border-radius:6px;background:var(--bg);color:var(--ink);font:inherit;font-weight:400}
.row{display:flex;gap:8px}
button,.button{display:inline-flex;align-items:center;justify-content:center;height:36px;padding:0 16px;border:1px solid var(--accent);border-radius:6px;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:550;text-decoration:none;cursor:pointer}
form>button{width:100%}
.quiet{background:transparent;border-color:var(--line2);color:var(--ink)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.error{margin-top:16px;padding:10px 12px;border-radius:6px;background:var(--err-soft);color:var(--err)}
footer{margin-top:16px;color:var(--ink2);font-size:12px}
`

const autoSubmit = `document.addEventListener('DOMContentLoaded',()=>document.forms[0].requestSubmit(document.querySelector('[name=logout]')))`

const logo = `<svg width="22" height="20" viewBox="0 0 22 20" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><polygon points="21,10 16,19 6,19 1,10 6,1 16,1" stroke-linejoin="round"/><path d="M7 10h8M11 6v8" stroke-linecap="round"/></svg>`

export interface LoginForm {
  action: string
  email: string
  error: string | null
}

/** The sign-in page. */
export function loginPage(form: LoginForm): string {
  const described = form.error ? ' aria-describedby="error" aria-invalid="true"' : ''
  const focusPassword = form.email !== ''
  return page(
    'Sign in',
    `<h1>Sign in</h1>
<p>to continue to the Hexgate portal</p>
${form.error ? `<p class="error" id="error" role="alert">${escapeHtml(form.error)}</p>` : ''}
<form method="post" action="${escapeHtml(form.action)}">
<label>E-mail address
<input type="email" name="email" value="${escapeHtml(form.email)}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required${focusPassword ? '' : ' autofocus'}${described}></label>
<label>Password
<input type="password" name="password" autocomplete="current-password" maxlength="512" required${focusPassword ? ' autofocus' : ''}${described}></label>
<button type="submit">Sign in</button>
</form>`,
    'This account is for this Hexgate installation only.',
  )
}

/** The sign-out page: it confirms itself where the portal has asked already. */
export function logoutPage(form: string, confirmed: boolean): string {
  const buttons = `<div class="row"><button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>${
    confirmed ? '' : '<button class="quiet" type="submit" form="op.logoutForm">Stay signed in</button>'
  }</div>`
  return page(
    'Sign out',
    `<h1>${confirmed ? 'Signing you out…' : 'Sign out of Hexgate?'}</h1>
${form}
${buttons}`,
    '',
    confirmed ? autoSubmit : null,
  )
}

export function signedOutPage(portalUrl: string): string {
  return page(
    'Signed out',
    `<h1>You are signed out</h1>
<p>Close this page, or sign in again from the portal.</p>
<form method="get" action="${escapeHtml(portalUrl)}/signin"><button type="submit">Go to the portal</button></form>`,
  )
}

export function errorPage(detail: string, portalUrl: string): string {
  return page(
    'That did not work',
    `<h1>That did not work</h1>
<p>${escapeHtml(sentence(detail))}</p>
<form method="get" action="${escapeHtml(portalUrl)}/signin"><button type="submit">Start again from the portal</button></form>`,
  )
}

/** What these pages may load and reach: nothing but their own styles, and forms that end at the portal. */
export function contentSecurityPolicy(portalUrls: readonly string[]): string {
  return [
    "default-src 'none'",
    "font-src 'self'",
    `style-src '${sha256(styles)}'`,
    `script-src '${sha256(autoSubmit)}'`,
    // Browsers check the redirects that follow a form as well.
    `form-action 'self' ${portalUrls.map((url) => new URL(url).origin).join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function page(title: string, body: string, footer = '', script: string | null = null): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Hexgate</title>
<style>${styles}</style>
${script ? `<script>${script}</script>` : ''}
</head>
<body>
<main>
<div class="brand">${logo}Hexgate</div>
<div class="panel">
${body}
</div>
${footer ? `<footer>${footer}</footer>` : ''}
</main>
</body>
</html>
`
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

function sha256(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`
}
