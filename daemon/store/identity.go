package store

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"mcdns/daemon/files"
)

const (
	identityName = "identity"
	// elderName is where versions before this one kept an id that no key stood behind.
	elderName = "id"
)

// Identity is who this host is in its group (PROTOCOL 3.4).
type Identity struct {
	// ID is the first 8 bytes of the hash of its public key.
	ID uint64
	// Copied: the directory came from another machine, as in an image that was cloned.
	// The pair that lay in it is that machine's, and a new one was made.
	Copied bool
}

// pair is what the file says: a key, and a hash of the machine that it was made on,
// nil if that had no id.
type pair struct {
	seed    []byte
	machine []byte
}

// Identity is made at the first start on a machine, and kept for ever. machine is its
// machine-id, "" if it has none. If it cannot be kept it is returned with the error, for
// this run.
func (s *Store) Identity(machine string) (Identity, error) {
	path, here := filepath.Join(s.dir, identityName), machineHash(machine)
	was, err := readPair(path)
	known := err == nil
	copied := known && was.machine != nil && here != nil && !bytes.Equal(was.machine, here)
	if known && !copied && (was.machine != nil || here == nil) {
		return Identity{ID: was.id()}, nil
	}
	now := pair{seed: was.seed, machine: here}
	if !known || copied {
		now = newPair(here)
	}
	is := Identity{ID: now.id(), Copied: copied}
	if s.dir == "" {
		return is, nil
	}
	if files.Passing(err) { // the file may be sound
		return is, fmt.Errorf("saved state: read this host's identity: %w", err)
	}
	if err := replace(path, now.write); err != nil {
		return is, fmt.Errorf("saved state: keep this host's identity: %w", err)
	}
	os.Remove(filepath.Join(s.dir, elderName))
	return is, nil
}

// newPair makes one whose id is not that of nobody.
func newPair(machine []byte) pair {
	p := pair{seed: make([]byte, ed25519.SeedSize), machine: machine}
	for {
		rand.Read(p.seed)
		if p.id() != 0 {
			return p
		}
	}
}

func (p pair) id() uint64 {
	public := ed25519.NewKeyFromSeed(p.seed).Public().(ed25519.PublicKey)
	hash := sha256.Sum256(public)
	return binary.BigEndian.Uint64(hash[:8])
}

func (p pair) write(f io.Writer) error {
	_, err := fmt.Fprintf(f, "seed %x\nmachine %x\n", p.seed, p.machine)
	return err
}

func readPair(path string) (pair, error) {
	text, err := files.Read(path, 256)
	if err != nil {
		return pair{}, err
	}
	p := pair{}
	for line := range bytes.Lines(text) {
		word, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		b, err := hex.DecodeString(string(value))
		switch {
		case err != nil:
			return pair{}, fmt.Errorf("%s: %w", path, err)
		case string(word) == "seed" && len(b) == ed25519.SeedSize:
			p.seed = b
		case string(word) == "machine" && len(b) == sha256.Size:
			p.machine = b
		}
	}
	if p.seed == nil || p.id() == 0 {
		return pair{}, fmt.Errorf("%s: holds no key", path)
	}
	return p, nil
}

// machineHash tells machines apart without telling the id of one (machine-id(5)).
func machineHash(id string) []byte {
	if id == "" {
		return nil
	}
	hash := sha256.Sum256([]byte("mcdns identity of machine " + id))
	return hash[:]
}
