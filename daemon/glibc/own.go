package glibc

import "mcdns/daemon/ownname"

// Own is what is known of this host's own names without asking, where a service
// that knows them stands behind mcdns in nsswitch.conf: nobody would ask it.
type Own struct {
	Machine *ownname.Machine // nil where there is no such service
	// First: it stands in dns's place, as nss-resolve does, not behind dns.
	First bool
}

// around asks the machine before dns, or for what dns does not find.
func around[T any](o Own, own func(*ownname.Machine) (T, bool), dns func() T, found func(T) bool) T {
	if o.Machine != nil && o.First {
		if out, known := own(o.Machine); known {
			return out
		}
	}
	out := dns()
	if o.Machine == nil || o.First || found(out) {
		return out
	}
	if mine, known := own(o.Machine); known {
		return mine
	}
	return out
}
