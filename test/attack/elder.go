package main

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"

	"mcdns/gocore/trust"
)

// sealer is what an insider does with the group's key.
type sealer interface {
	Seal(plain []byte, nonce [trust.NonceSize]byte) []byte
	Open(datagram []byte) ([]byte, error)
}

// elder seals as version 2 of the protocol did, which the daemons of before speak:
// an insider whom they do not hear would prove nothing. What is sealed is the same.
type elder struct {
	id   trust.KeyID
	aead cipher.AEAD
}

// elderHeader is magic, version, key id and nonce, all in clear.
const elderHeader = 4 + 1 + 4 + trust.NonceSize

func newElder(key trust.Key, secret []byte) (*elder, error) {
	b, err := hkdf.Key(sha256.New, secret, nil, "mcdns 1 datagram", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(b)
	return &elder{key.ID(), aead}, err
}

func (e *elder) Seal(plain []byte, nonce [trust.NonceSize]byte) []byte {
	b := append([]byte("mcdn\x02"), e.id[:]...)
	b = append(b, nonce[:]...)
	return e.aead.Seal(b, nonce[:], plain, b[:elderHeader])
}

func (e *elder) Open(b []byte) ([]byte, error) {
	if len(b) < elderHeader || string(b[:5]) != "mcdn\x02" {
		return nil, errors.New("no datagram of version 2")
	}
	return e.aead.Open(nil, b[elderHeader-trust.NonceSize:elderHeader], b[elderHeader:], b[:elderHeader])
}
