/** A credential plugin of a kubeconfig (client.authentication.k8s.io): a command that prints a token or a certificate. */
export interface ExecConfig {
  readonly apiVersion?: string
  readonly command: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
}

/** What it takes to reach one API server. Certificates and keys are PEM; without `ca` the system's authorities are trusted. */
export interface ClusterTarget {
  /** `https://host[:port][/prefix]`. */
  readonly server: string
  readonly ca?: string
  /** The server's certificate is not checked: anyone on the way can read and change everything. */
  readonly insecureSkipVerify?: boolean
  readonly clientCert?: string
  readonly clientKey?: string
  readonly token?: string
  /** `http:`, `https:` or `socks5:`; the connection is tunnelled through it. */
  readonly proxyUrl?: string
  /** The name that the server's certificate must have, where it is not the host of `server`. */
  readonly serverName?: string
  readonly exec?: ExecConfig
}
