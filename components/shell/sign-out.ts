/** Ends the session here and at the issuer, by leaving for the page that does both. */
export async function signOut(): Promise<void> {
  window.location.assign('/signout')
}
