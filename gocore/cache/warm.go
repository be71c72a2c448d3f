// For simulators alone: see node.Warm.

package cache

import "mcdns/gocore/dns"

// WarmMost is how many caches Warm takes at once.
const WarmMost = 16

// Warm reads what each of many caches will look at when it is asked for q. See
// node.Warm.
func Warm(caches []*Cache, q dns.Question) (sum uint64) {
	var at [WarmMost]number
	var key Key
	hash := key.Hash(q)
	for i, c := range caches {
		if c.table.key != key { // simulated hosts have one between them
			key = c.table.key
			hash = key.Hash(q)
		}
		at[i] = c.table.bucket(hash)
	}
	for i, c := range caches {
		at[i] = c.table.heads[at[i]]
	}
	for i, c := range caches {
		if at[i] > 0 {
			s := c.table.at(at[i])
			at[i] = s.chain
			sum += uint64(s.born)
		}
	}
	for i, c := range caches {
		if at[i] > 0 {
			s := c.table.at(at[i])
			sum += uint64(s.chain) + uint64(s.born)
		}
	}
	return sum
}
