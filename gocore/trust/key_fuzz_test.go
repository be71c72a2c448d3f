package trust

import "testing"

// FuzzParseKey feeds a key file's bytes: what is taken seals and opens.
func FuzzParseKey(f *testing.F) {
	f.Add(make([]byte, KeySize))
	f.Add([]byte("0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseKey(b)
		if err != nil {
			return
		}
		r := NewRing(k)
		if plain, err := r.Open(r.Seal(b, [NonceSize]byte{1})); err != nil || string(plain) != string(b) {
			t.Fatalf("%x: got %x, %v", b, plain, err)
		}
	})
}
