package trust

// Claimed is the id of the key that a datagram of another group claims (ErrForeign). It
// stands in clear: anybody can write it.
func Claimed(datagram []byte) KeyID {
	if len(datagram) < nonceAt {
		return KeyID{}
	}
	return KeyID(datagram[idAt:nonceAt])
}
