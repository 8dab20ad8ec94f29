/** Ends the session here and at the issuer: the browser posts and follows where it is sent. */
export function signOut(): void {
  const form = document.createElement('form')
  form.method = 'POST'
  form.action = '/api/auth/logout'
  document.body.append(form)
  form.submit()
}
