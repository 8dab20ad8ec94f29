// The package declares its types for its name alone, and we import the file behind it.
declare module 'ipaddr.js/lib/ipaddr.js' {
  import ipaddr from 'ipaddr.js'

  export default ipaddr
}
