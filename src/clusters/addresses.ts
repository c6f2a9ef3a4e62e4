import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Which addresses may be connected to, besides those that never may. */
export interface AddressRules {
  /** This machine itself: 127.0.0.0/8, ::1, and the unspecified addresses, which lead there too. */
  readonly loopback: boolean
}

// Link-local networks and the metadata services of clouds: whoever reaches those from the hub's machine acts as that machine.
const never = new BlockList()
never.addSubnet('169.254.0.0', 16, 'ipv4')
never.addSubnet('fe80::', 10, 'ipv6')
never.addAddress('100.100.100.200', 'ipv4')
never.addAddress('168.63.129.16', 'ipv4')
never.addAddress('192.0.0.192', 'ipv4')
never.addAddress('fd00:ec2::254', 'ipv6')
never.addAddress('fd20:ce::254', 'ipv6')
// The same link-local network by way of a NAT64 gateway, and what is no single machine.
never.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
never.addSubnet('224.0.0.0', 4, 'ipv4')
never.addAddress('255.255.255.255', 'ipv4')
never.addSubnet('ff00::', 8, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addSubnet('0.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
loopback.addAddress('::', 'ipv6')

/** Why this IP address must not be connected to, or undefined. IPv4 addresses written as IPv6 count as what they are. */
export function refusedAddress(address: string, rules: AddressRules): string | undefined {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (never.check(address, family)) return `${address} is a link-local, metadata or multicast address`
  if (!rules.loopback && loopback.check(address, family)) return `${address} is a loopback address`
  return undefined
}

/** Why the host of a URL (a name, or an address with or without brackets) must not be connected to; names pass, see `guardedLookup`. */
export function refusedHost(hostname: string, rules: AddressRules): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) === 0 ? undefined : refusedAddress(bare, rules)
}

/**
 * Name resolution for sockets that leaves out refused addresses, and fails when nothing else is left. It runs inside the connect
 * itself, so the address that was checked is the one that is dialled, however the name resolves the next time (security rule 4).
 */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, [])
        return
      }
      const allowed = addresses.filter(({ address }) => refusedAddress(address, rules) === undefined)
      const [first] = allowed
      if (first === undefined) {
        const why = addresses[0] && refusedAddress(addresses[0].address, rules)
        callback(Object.assign(new Error(`${hostname} is refused: ${why}`), { code: 'EREFUSEDADDRESS' }), [])
      } else if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
